import type { EndpointSnapshot, FlowSnapshot, FlowTerms } from '../../contracts/flow/flow.ts';
import type { ReportedLimits } from '../../domain/flow/flow.ts';

/** The limiter of one endpoint, shared by all runs and slices of a worker. */
export interface Limiter {
  /** A lane of one slice: no call is admitted to it once `closing` is aborted. The latest terms of a run count. */
  open(run: string, terms: FlowTerms, closing: AbortSignal): Lane;
  /** So many workers of this machine share the endpoint now. */
  divide(workers: number): void;
  /** With the runs that have calls in flight or waiting, or with all that it ever had. */
  snapshot(runs: 'busy' | 'all'): EndpointSnapshot;
  /** Null for a run it never had. */
  snapshotOf(run: string): FlowSnapshot | null;
}

export interface Lane {
  /** Resolves when the call may be sent; to undefined when the lane closes first. */
  acquire(call: CallSize): Promise<Lease | undefined>;
}

export interface CallSize {
  /** Of its messages. */
  readonly bytes: number;
  /** The most tokens its answer may have. */
  readonly maxTokens: number;
}

export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

/** The permission to send one call. The first of its ends counts, every later one does nothing. */
export interface Lease {
  /** What the headers of an answer or a refusal said. Ends nothing. */
  readonly limitsReported: (this: void, limits: ReportedLimits) => void;
  answered(answer: Usage & { readonly latencyMs: number }): void;
  /**
   * It was refused and costs nothing, and may be sent again after `retryAfterMs` (null: the endpoint did not say).
   * `overloaded`: for being one of too many.
   */
  refused(why: { readonly reason: string; readonly retryAfterMs: number | null; readonly overloaded: boolean }): void;
  /** It was sent and brought no answer, for another reason. */
  failed(reason: string): void;
  /** Nothing was sent. */
  unused(): void;
}
