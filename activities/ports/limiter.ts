import type { EndpointSnapshot, FlowSnapshot, FlowTerms } from '../../contracts/flow/flow.ts';
import type { ReportedLimits } from '../../domain/flow/flow.ts';

/** The limiter of one endpoint, shared by all runs and slices of a worker. */
export interface Limiter {
  /** Opens a lane for one slice. After `closing` is aborted it admits no call. The latest terms of a run apply. */
  open(run: string, terms: FlowTerms, closing: AbortSignal): Lane;
  /** Sets how many workers of this machine share the endpoint. */
  divide(workers: number): void;
  /** `busy`: only the runs that have calls in flight or waiting. */
  snapshot(runs: 'busy' | 'all'): EndpointSnapshot;
  /** Null for an unknown run. */
  snapshotOf(run: string): FlowSnapshot | null;
}

export interface Lane {
  /** Resolves when the call may be sent; to undefined when the lane closes first. */
  acquire(call: CallSize): Promise<Lease | undefined>;
}

export interface CallSize {
  /** Bytes of everything the model reads. */
  readonly bytes: number;
  /** The most tokens its answer may have. */
  readonly maxTokens: number;
}

export interface Usage {
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
}

/** The permission to send one call. The first method that ends it counts; later ones do nothing. */
export interface Lease {
  /** Passes on the limits from response headers. Does not end the lease. */
  readonly limitsReported: (this: void, limits: ReportedLimits) => void;
  answered(answer: Usage & { readonly latencyMs: number }): void;
  /**
   * The call was refused and not billed. It may be resent after `retryAfterMs` (null: the endpoint did not say).
   * `overloaded`: it was refused because of too many calls.
   */
  refused(why: { readonly reason: string; readonly retryAfterMs: number | null; readonly overloaded: boolean }): void;
  /** The call was sent and ended without an answer for another reason. */
  failed(reason: string): void;
  /** Nothing was sent. */
  unused(): void;
}
