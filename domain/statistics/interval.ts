/** Percentile intervals of resampled figures, from one seeded stream. */
import { seededRandom } from '../random.ts';
import type { SeededRandom } from '../random.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const defaultResamples = 1000;

/** 95 % interval of what `resample` gives, drawing from the stream it is handed. */
export function percentileInterval(
  options: { readonly seed: number; readonly resamples?: number },
  resample: (random: SeededRandom) => number,
): Interval {
  const random = seededRandom(options.seed, 'bootstrap');
  const figures = Float64Array.from({ length: options.resamples ?? defaultResamples }, () => resample(random)).sort();
  return { low: quantile(figures, 0.025), high: quantile(figures, 0.975) };
}

/** Linear between the two nearest of sorted values. */
export function quantile(sorted: Float64Array, share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? below;
  return below + (above - below) * (position - Math.floor(position));
}
