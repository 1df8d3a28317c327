/** Bootstrap of macro: rows are drawn with replacement among those of their domain. */
import { percentileInterval } from './interval.ts';
import type { Interval } from './interval.ts';
import { macroOf } from '../metrics/macro-shares.ts';
import type { Share } from '../metrics/macro-shares.ts';
import type { SeededRandom } from '../random.ts';

/** Rows, by number, that are drawn among themselves. */
export type Stratum = readonly number[];

/** Draws as many rows of each stratum as it has: how often each row was drawn goes into `times`. */
export function drawRows(strata: readonly Stratum[], times: Int32Array, random: SeededRandom): void {
  times.fill(0);
  for (const stratum of strata) {
    for (let draw = 0; draw < stratum.length; draw += 1) {
      const row = stratum[random.int(stratum.length)] ?? 0;
      times[row] = (times[row] ?? 0) + 1;
    }
  }
}

/** 95 % percentile interval of macro; `stratum` names the gold domain of a row. */
export function bootstrapMacro(
  rows: readonly { readonly stratum: string; readonly shares: readonly Share[] }[],
  options: { readonly seed: number; readonly resamples?: number },
): Interval {
  // Sorted: the interval is the same to the last bit whatever the order of the rows.
  const keyed = rows.map((row) => ({ ...row, key: JSON.stringify([row.stratum, row.shares]) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const macro = macroOf(keyed.map(({ shares }) => shares));
  const strata = [...Map.groupBy(keyed.keys(), (row) => keyed[row]?.stratum).values()];
  const times = new Int32Array(rows.length);
  return percentileInterval(options, (random) => {
    drawRows(strata, times, random);
    return macro(times);
  });
}
