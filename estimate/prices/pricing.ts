/** The rates that may apply to the calls of a plan: batch rates, single-call rates, or both for `mode: auto`. */
import { batchRates, teacherRates } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { goesByBatch } from '../../domain/budget/batch-mode.ts';
import type { Rates } from '../../domain/budget/cost.ts';

export interface Pricing {
  /** All rates that may apply. */
  readonly possible: readonly Rates[];
  readonly likely: Rates;
}

type Priced = Pick<RunSpec, 'teacher' | 'prices' | 'stages'>;

export function pricingOf(rates: Rates | null): Pricing | null {
  return rates === null ? null : { possible: [rates], likely: rates };
}

/**
 * The pricing of a stage whose largest round has this many calls; null if a price is unknown. With `mode: auto` both
 * rates are possible: batch support and the remaining time are known only during the run.
 */
export function stagePricing(spec: Priced, stage: number, calls: number): Pricing | null {
  const [single, batched] = [teacherRates(spec), batchRates(spec)];
  if (spec.teacher === undefined || single === null || batched === null) return pricingOf(single);
  const { mode, batch } = spec.teacher;
  const ahead = { calls, possible: true, hoursSinceStart: 0, stagesLeft: spec.stages - stage };
  if (!goesByBatch({ mode, ...batch, deadlineHours: batch.deadlineHours }, ahead)) return pricingOf(single);
  return { possible: mode === 'batch' ? [batched] : [batched, single], likely: batched };
}

/** The pricing of several stages together; null if one of them is unknown. */
export function combinedPricing(all: readonly (Pricing | null)[]): Pricing | null {
  const known = all.flatMap((one) => one ?? []);
  const [first] = known;
  if (first === undefined || known.length < all.length) return null;
  return { possible: [...new Set(known.flatMap(({ possible }) => possible))], likely: first.likely };
}

/** The assumptions of a plan with batches. */
export function batchAssumptions(
  { teacher, prices }: Priced,
  pricings: readonly (Pricing | null)[],
): readonly string[] {
  const byBatch = teacher?.mode === 'batch' || pricings.some((one) => one !== null && one.possible.length > 1);
  if (teacher === undefined || !byBatch) return [];
  const price = 'model' in teacher ? (teacher.price ?? prices[teacher.model]) : 'free';
  const known = price === undefined || price === 'free' || price.batch !== undefined;
  return [
    ...(teacher.mode === 'auto'
      ? ['`mode: auto`: the lowest price is for all eligible rounds by batch, the highest for none.']
      : []),
    ...(known ? [] : ['The batch rate is unknown, so the full rate is used. Set `batch` under `price` or `prices`.']),
  ];
}
