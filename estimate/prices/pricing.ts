/** At which rates the calls of a plan may be charged: by batch, call by call, or whichever `auto` will choose. */
import { batchRates, teacherRates } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { goesByBatch } from '../../domain/budget/batch-mode.ts';
import type { Rates } from '../../domain/budget/cost.ts';

export interface Pricing {
  /** Every rate that may apply. */
  readonly possible: readonly Rates[];
  readonly likely: Rates;
}

type Priced = Pick<RunSpec, 'teacher' | 'prices' | 'stages'>;

export function onlyAt(rates: Rates | null): Pricing | null {
  return rates === null ? null : { possible: [rates], likely: rates };
}

/**
 * Of the rounds of a stage, the largest of which has this many calls; null where unknown. What only the run will see
 * makes two rates possible: whether the endpoint takes batches, and how late it has become.
 */
export function stagePricing(spec: Priced, stage: number, calls: number): Pricing | null {
  const [single, batched] = [teacherRates(spec), batchRates(spec)];
  if (spec.teacher === undefined || single === null || batched === null) return onlyAt(single);
  const { mode, batch } = spec.teacher;
  const ahead = { calls, possible: true, hoursSinceStart: 0, stagesLeft: spec.stages - stage };
  if (!goesByBatch({ mode, ...batch, deadlineHours: batch.deadlineHours }, ahead)) return onlyAt(single);
  return { possible: mode === 'batch' ? [batched] : [batched, single], likely: batched };
}

/** Of several stages or runs together; null where one of them is not known. */
export function togetherPricing(all: readonly (Pricing | null)[]): Pricing | null {
  const known = all.flatMap((one) => one ?? []);
  const [first] = known;
  if (first === undefined || known.length < all.length) return null;
  return { possible: [...new Set(known.flatMap(({ possible }) => possible))], likely: first.likely };
}

/** What a plan by batch rests on. */
export function batchWords({ teacher, prices }: Priced, pricings: readonly (Pricing | null)[]): readonly string[] {
  const byBatch = teacher?.mode === 'batch' || pricings.some((one) => one !== null && one.possible.length > 1);
  if (teacher === undefined || !byBatch) return [];
  const price = 'model' in teacher ? (teacher.price ?? prices[teacher.model]) : 'free';
  const known = price === undefined || price === 'free' || price.batch !== undefined;
  return [
    ...(teacher.mode === 'auto'
      ? ['Rounds that `auto` may send by batch: at the least all go so, at the most none.']
      : []),
    ...(known
      ? []
      : ['By batch: no rate of its own is known (`batch` under `price` or `prices`), so the full one counts.']),
  ];
}
