/** How the endpoint behaves towards batches. What strikes a batch is drawn when it is created, and kept with it. */
import { z } from 'zod';

const Every = z.int().positive();

/** `batches`: affects this many of the batches created from now on. */
const Struck = { batches: z.int().positive().default(1) };

export const BatchBehavior = z.strictObject({
  /** What one line takes; can be changed while batches run. */
  lineMs: z.number().nonnegative().max(600_000).default(0),
  /** Largest input file; a larger one fails in validation. */
  mostLines: z.int().positive().default(50_000),
  mostBytes: z.int().positive().default(200_000_000),
  /** Input tokens of all batches under way; null: no such limit. */
  mostTokens: z.int().positive().nullable().default(null),
  /** Expires once this share of its lines is done; 1 expires after the last one. */
  expire: z.strictObject({ share: z.number().min(0).max(1), ...Struck }).optional(),
  /** Every n-th line fails with this status, unbilled; 0 is a line without any response. */
  fail: z
    .strictObject({ every: Every, status: z.union([z.literal(0), z.int().min(400).max(599)]), ...Struck })
    .optional(),
  /** The next of these requests is never answered: an upload that is not read, a batch that is created, half a file. */
  stall: z.enum(['upload', 'create', 'download']).optional(),
  /** Every n-th line is billed, counted as completed, and in neither file. */
  lose: z.strictObject({ every: Every, ...Struck }).optional(),
});
export type BatchBehavior = z.infer<typeof BatchBehavior>;

/** What strikes one batch. */
export const BatchOutcome = z.strictObject({
  expireShare: z.number().nullable(),
  fail: z.strictObject({ every: Every, status: z.int() }).nullable(),
  loseEvery: Every.nullable(),
});
export type BatchOutcome = z.infer<typeof BatchOutcome>;

/** Assigns outcomes to the next batches, in the order they are created. */
export class BatchOutcomes {
  #behavior: BatchBehavior = BatchBehavior.parse({});
  /** Requests without an answer. */
  stalled = 0;
  #stall: BatchBehavior['stall'];
  #left = { expire: 0, fail: 0, lose: 0 };

  get behavior(): BatchBehavior {
    return this.#behavior;
  }

  change(behavior: BatchBehavior): void {
    const { expire, fail, lose } = behavior;
    this.#behavior = behavior;
    this.#stall = behavior.stall;
    this.#left = { expire: expire?.batches ?? 0, fail: fail?.batches ?? 0, lose: lose?.batches ?? 0 };
  }

  /** Whether this request is the one that gets no answer. */
  stalls(request: NonNullable<BatchBehavior['stall']>): boolean {
    if (this.#stall !== request) return false;
    this.#stall = undefined;
    this.stalled += 1;
    return true;
  }

  next(): BatchOutcome {
    const { expire, fail, lose } = this.#behavior;
    const strikes = (kind: 'expire' | 'fail' | 'lose'): boolean => {
      this.#left[kind] -= 1;
      return this.#left[kind] >= 0;
    };
    return {
      expireShare: strikes('expire') ? (expire?.share ?? null) : null,
      fail: strikes('fail') && fail ? { every: fail.every, status: fail.status } : null,
      loseEvery: strikes('lose') ? (lose?.every ?? null) : null,
    };
  }
}
