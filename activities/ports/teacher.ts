import type { FailureType } from '../../domain/failures.ts';
import type { Message, PlannedCall } from '../../contracts/records.ts';
import type { ReportedLimits } from '../../domain/flow/flow.ts';
import type { PaidAnswer } from './ledger.ts';

export interface TeacherRequest {
  readonly messages: readonly Message[];
  /** `response_format`, sent as it is; undefined for text. */
  readonly responseFormat?: PlannedCall['responseFormat'];
  /** Sampling seed, sent where the endpoint takes one; null for annotations. */
  readonly seed: number | null;
}

/** The teacher endpoint of one run. One call is one HTTP request: nothing here retries. */
export interface Teacher {
  readonly model: string;
  /** The most tokens an answer may have. */
  readonly maxTokens: number;
  /** Everything the answer depends on, as plain JSON: what the call key is hashed from. */
  content(request: TeacherRequest): unknown;
  /** Throws `CallError` and nothing else. */
  complete(
    request: TeacherRequest,
    options: {
      readonly idempotencyKey: string;
      readonly signal: AbortSignal;
      /** ReportedLimits what the headers say of rate limits, before the call ends either way; not where they say nothing. */
      readonly onLimits: (limits: ReportedLimits) => void;
    },
  ): Promise<PaidAnswer & { readonly latencyMs: number }>;
}

/**
 * How a call ended without an answer. `refused`: certainly not billed. `ambiguous`: it may be billed.
 * `failure`: the endpoint fails, not this call alone, and an operator has to fix it; null where only this call failed.
 * `retryAfterMs`: the delay the endpoint asked for, 0 where it did not say; null where a retry is useless
 * (a definite no).
 */
export class CallError extends Error {
  readonly outcome: 'refused' | 'ambiguous';
  readonly failure: FailureType | null;
  readonly retryAfterMs: number | null;
  /** Refused for being one of too many. */
  readonly overloaded: boolean;
  /** Short stable word for the ledger and the report: `rate_limited`, `supply_exhausted`, `timeout`. */
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
