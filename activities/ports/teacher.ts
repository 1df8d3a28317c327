import type { FailureType } from '../../domain/failures.ts';
import type { Message, PlannedCall } from '../../contracts/records.ts';
import type { ReportedLimits } from '../../domain/flow/flow.ts';
import type { PaidAnswer } from './ledger.ts';

export interface TeacherRequest {
  readonly messages: readonly Message[];
  /** Sent unchanged as `response_format`; undefined for text. */
  readonly responseFormat?: PlannedCall['responseFormat'];
  /** Sampling seed, sent if the endpoint accepts one; null for annotations. */
  readonly seed: number | null;
}

/** The teacher endpoint of one run. One call is one HTTP request, without retries. */
export interface Teacher {
  readonly model: string;
  /** The most tokens an answer may have. */
  readonly maxTokens: number;
  /** Everything the answer depends on, as plain JSON. The call key is its hash. */
  content(request: TeacherRequest): unknown;
  /** Throws `CallError` and nothing else. */
  complete(
    request: TeacherRequest,
    options: {
      readonly idempotencyKey: string;
      readonly signal: AbortSignal;
      /** Receives the rate limits from the response headers, before the call ends; not called without such headers. */
      readonly onLimits: (limits: ReportedLimits) => void;
    },
  ): Promise<PaidAnswer & { readonly latencyMs: number }>;
}

/**
 * A call that ended without an answer. `refused`: certainly not billed. `ambiguous`: it may have been billed.
 * `failure`: set if the endpoint fails as a whole and the operator has to fix it; null if only this call failed.
 * `retryAfterMs`: the delay that the endpoint asked for, 0 if it named none; null if the call must not be retried.
 */
export class CallError extends Error {
  readonly outcome: 'refused' | 'ambiguous';
  readonly failure: FailureType | null;
  readonly retryAfterMs: number | null;
  /** Refused because of too many calls. */
  readonly overloaded: boolean;
  /** Stable code for the ledger and the report: `rate_limited`, `supply_exhausted`, `timeout`. */
  readonly reason: string;

  constructor(
    details: {
      outcome: 'refused' | 'ambiguous';
      reason: string;
      failure: FailureType | null;
      retryAfterMs: number | null;
      overloaded?: boolean;
    },
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CallError';
    this.outcome = details.outcome;
    this.failure = details.failure;
    this.retryAfterMs = details.retryAfterMs;
    this.overloaded = details.overloaded ?? false;
    this.reason = details.reason;
  }
}
