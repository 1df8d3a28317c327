/**
 * Rate limits as a provider enforces them: a bucket of requests and one of tokens that refill evenly; a call that does
 * not fit is refused before it costs anything. The remaining capacity is in OpenAI's headers of answers and refusals.
 */
import { ApiError } from './api-error.ts';

export interface Limits {
  readonly requestsPerMinute?: number | undefined;
  /** In and out together. */
  readonly tokensPerMinute?: number | undefined;
  /** How much may come at once after a rest, in seconds of the rate. */
  readonly burstSeconds: number;
  /** Sends limits with every answer; refusals carry `Retry-After` all the same. */
  readonly headers: boolean;
}

type Headers = Readonly<Record<string, string>>;

class Bucket {
  readonly kind: string;
  readonly #perMs: number;
  readonly #holds: number;
  readonly #limit: number;
  #level: number;
  #at: number;

  constructor(kind: string, perMinute: number, burstSeconds: number, now: number) {
    this.kind = kind;
    this.#limit = perMinute;
    this.#perMs = perMinute / 60_000;
    this.#holds = Math.max(1, this.#perMs * burstSeconds * 1000);
    this.#level = this.#holds;
    this.#at = now;
  }

  /** Milliseconds until this amount fits; 0: now. An amount above the capacity needs a full bucket. */
  wait(amount: number, now: number): number {
    this.#level = Math.min(this.#holds, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
    return Math.max(0, (Math.min(amount, this.#holds) - this.#level) / this.#perMs);
  }

  take(amount: number): void {
    this.#level -= amount;
  }

  headers(): Headers {
    const missing = Math.round((this.#holds - this.#level) / this.#perMs);
    return {
      [`x-ratelimit-limit-${this.kind}`]: String(this.#limit),
      [`x-ratelimit-remaining-${this.kind}`]: String(Math.max(0, Math.floor(this.#level))),
      [`x-ratelimit-reset-${this.kind}`]: missing < 1000 ? `${missing}ms` : `${missing / 1000}s`,
    };
  }
}

export class Throttle {
  readonly #limits: Limits;
  readonly #requests: Bucket | undefined;
  readonly #tokens: Bucket | undefined;

  constructor(limits: Limits, now: number) {
    const { requestsPerMinute, tokensPerMinute, burstSeconds } = limits;
    const open = (kind: string, limit: number | undefined): Bucket | undefined =>
      limit === undefined ? undefined : new Bucket(kind, limit, burstSeconds, now);
    this.#limits = limits;
    this.#requests = open('requests', requestsPerMinute);
    this.#tokens = open('tokens', tokensPerMinute);
  }

  /** Admits a call and returns the remaining capacity. Throws a 429 with `Retry-After` where it does not fit. */
  admit(tokens: number, now: number): Headers {
    const wait = Math.max(this.#requests?.wait(1, now) ?? 0, this.#tokens?.wait(tokens, now) ?? 0);
    if (wait > 0) {
      const after = { 'retry-after-ms': String(Math.ceil(wait)), 'retry-after': String(Math.ceil(wait / 1000)) };
      throw new ApiError(429, 'Rate limit reached for this model.', {
        code: 'rate_limit_exceeded',
        headers: { ...after, ...this.#left() },
      });
    }
    this.#requests?.take(1);
    this.#tokens?.take(tokens);
    return this.#left();
  }

  #left(): Headers {
    return this.#limits.headers ? { ...this.#requests?.headers(), ...this.#tokens?.headers() } : {};
  }
}
