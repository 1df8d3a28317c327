/** The sum of some of many amounts, before it is known which: tokens of the rows that a stage will take. */
import type { Range } from './range.ts';

export interface Amounts {
  readonly count: number;
  readonly mean: number;
  /** The sum of `taken` of them: at least the smallest, at most the largest; near the mean where they are drawn. */
  some(taken: number, how: 'drawn' | 'chosen'): Range;
}

/** Draws that stray further than this many standard deviations do not happen. */
const strayed = 5;

export function amountsOf(values: readonly number[]): Amounts {
  const sorted = Float64Array.from(values).toSorted();
  const sums = new Float64Array(sorted.length + 1);
  let squares = 0;
  for (const [index, value] of sorted.entries()) {
    sums[index + 1] = (sums[index] ?? 0) + value;
    squares += value * value;
  }
  const count = sorted.length;
  const all = sums[count] ?? 0;
  const mean = count === 0 ? 0 : all / count;
  const deviation = count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - mean * mean));
  return {
    count,
    mean,
    some(wanted, how) {
      const taken = Math.min(wanted, count);
      const [least, most] = [sums[taken] ?? 0, all - (sums[count - taken] ?? 0)];
      const likely = mean * taken;
      if (how === 'chosen') return { low: least, likely, high: most };
      const left = count < 2 ? 0 : (count - taken) / (count - 1);
      const stray = strayed * deviation * Math.sqrt(taken * left);
      return { low: Math.max(least, likely - stray), likely, high: Math.min(most, likely + stray) };
    },
  };
}
