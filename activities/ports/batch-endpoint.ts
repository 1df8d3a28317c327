import type { FailureType } from '../../domain/failures.ts';
import type { PaidAnswer } from './ledger.ts';
import type { TeacherRequest } from './teacher.ts';

/**
 * The Batch API of a run's teacher. Everything but `create` may be repeated freely. Throws `BaldistillError` when the
 * endpoint is down, refuses the key, or does not know what it is asked about (`BatchFailed`).
 */
export interface BatchEndpoint {
  /** Whether the endpoint has the API at all. */
  probe(): Promise<boolean>;
  /** A line of an input file, as plain JSON. */
  line(request: TeacherRequest, customId: string): unknown;
  /** The endpoint's name of the batch that was created under a key since a moment (milliseconds since the epoch). */
  find(key: string, since: number): Promise<string | null>;
  /** Uploads an input file and gives back its name there. */
  upload(path: string): Promise<string>;
  /** `uncertain`: it may have been created; look for it before the next attempt. */
  create(key: string, file: string): Promise<{ kind: 'created'; remote: string } | { kind: 'uncertain'; why: string }>;
  status(remote: string): Promise<RemoteBatch>;
  /** What became of the lines, in the order of a results file, which is none; a line may come more than once. */
  results(file: string): AsyncGenerator<LineResult>;
  /** A batch that has ended is left as it is. */
  cancel(remote: string): Promise<void>;
}

export interface RemoteBatch {
  readonly status: 'running' | 'completed' | 'failed' | 'expired' | 'cancelled';
  /** Lines done, by the endpoint's own count: for people, never for books. */
  readonly done: number;
  /** Files with results: of lines that were answered, and of those that were not. */
  readonly files: readonly string[];
  /** Why it failed, scrubbed. */
  readonly trouble: { readonly code: string; readonly message: string } | null;
}

export interface LineResult {
  readonly customId: string;
  readonly end:
    | { readonly kind: 'answered'; readonly answer: Omit<PaidAnswer, 'latencyMs'> }
    /** Certainly not billed. `final`: asking again is useless. `failure`: of the endpoint, not of this line. */
    | {
        readonly kind: 'refused';
        readonly reason: string;
        readonly final: boolean;
        readonly failure: { readonly type: FailureType; readonly message: string } | null;
      }
    /** Unknown whether it was billed. */
    | { readonly kind: 'forfeited'; readonly reason: string };
}
