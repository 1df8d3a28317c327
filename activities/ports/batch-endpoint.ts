import type { FailureType } from '../../domain/failures.ts';
import type { PaidAnswer } from './ledger.ts';
import type { TeacherRequest } from './teacher.ts';

/**
 * The Batch API of a run's teacher. Everything but `create` can be repeated safely. Throws `BaldistillError` if the
 * endpoint is down, refuses the key, or does not know the batch (`BatchFailed`).
 */
export interface BatchEndpoint {
  /** Whether the endpoint supports the API. */
  probe(): Promise<boolean>;
  /** A line of an input file, as plain JSON. */
  line(request: TeacherRequest, customId: string): unknown;
  /** The endpoint's name of the batch with this key, created after `since` (milliseconds since the epoch). */
  find(key: string, since: number): Promise<string | null>;
  /** Uploads an input file and returns its name at the endpoint. */
  upload(path: string): Promise<string>;
  /** `uncertain`: the batch may have been created; search for it before the next attempt. */
  create(key: string, file: string): Promise<{ kind: 'created'; remote: string } | { kind: 'uncertain'; why: string }>;
  status(remote: string): Promise<RemoteBatch>;
  /** The lines of a results file, in any order; a line may occur more than once. */
  results(file: string): AsyncGenerator<LineResult>;
  /** Does nothing if the batch has ended. */
  cancel(remote: string): Promise<void>;
}

export interface RemoteBatch {
  readonly status: 'running' | 'completed' | 'failed' | 'expired' | 'cancelled';
  /** Lines done, as the endpoint counts them. For display only, never for charging. */
  readonly done: number;
  /** Files with results, of answered and of failed lines. */
  readonly files: readonly string[];
  /** Why it failed, without secrets. */
  readonly trouble: { readonly code: string; readonly message: string } | null;
}

export interface LineResult {
  readonly customId: string;
  readonly end:
    | { readonly kind: 'answered'; readonly answer: Omit<PaidAnswer, 'latencyMs'> }
    /** Certainly not billed. `final`: do not resend. `failure`: a failure of the endpoint, not of this line. */
    | {
        readonly kind: 'refused';
        readonly reason: string;
        readonly final: boolean;
        readonly failure: { readonly type: FailureType; readonly message: string } | null;
      }
    /** Unknown whether it was billed. */
    | { readonly kind: 'forfeited'; readonly reason: string };
}
