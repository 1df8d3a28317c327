/**
 * Two methods compared over the same test rows and the same seeds: a paired bootstrap that resamples rows, stratified by
 * gold domain, and seeds (the Multi-Bootstrap of Sellam et al., ICLR 2022, with seeds paired; Efron and Tibshirani 1993,
 * chapter 13). Rows are drawn once a resample and are the same for both methods and every seed.
 */
import { drawRows } from './bootstrap.ts';
import type { Stratum } from './bootstrap.ts';
import { defaultResamples, quantile } from './interval.ts';
import type { Interval } from './interval.ts';
import type { MacroOf } from '../metrics/macro-shares.ts';
import { seededRandom } from '../random.ts';

export interface PairedSeed {
  readonly candidate: MacroOf;
  readonly baseline: MacroOf;
}

export interface PairedDifference extends Interval {
  /** Candidate minus baseline, mean over seeds. */
  readonly mean: number;
  /**
   * Two-sided: twice the share of resamples on the far side of 0, where the observed value counts as one of them
   * (Davison and Hinkley 1997, section 4.2). With one seed it speaks of the rows alone.
   */
  readonly p: number;
}

/** `strata`: rows that are drawn among themselves, as row numbers; every row is in one of them. */
export function pairedBootstrap(
  seeds: readonly PairedSeed[],
  strata: readonly Stratum[],
  options: { readonly seed: number; readonly resamples?: number },
): PairedDifference {
  if (seeds.length === 0) throw new RangeError('A paired comparison needs a seed that both methods have.');
  const { resamples = defaultResamples } = options;
  const random = seededRandom(options.seed, 'paired-bootstrap');
  const rows = strata.reduce((sum, stratum) => sum + stratum.length, 0);
  const times = new Int32Array(rows).fill(1);
  const mean = meanDifference(
    seeds,
    seeds.map(() => 1),
    times,
  );

  const drawn = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample += 1) {
    drawRows(strata, times, random);
    const weights = seeds.map(() => 0);
    for (let draw = 0; draw < seeds.length; draw += 1) {
      const seed = random.int(seeds.length);
      weights[seed] = (weights[seed] ?? 0) + 1;
    }
    drawn[resample] = meanDifference(seeds, weights, times);
  }
  drawn.sort();
  const below = drawn.filter((value) => value <= 0).length;
  const above = drawn.filter((value) => value >= 0).length;
  const p = Math.min(1, (2 * (Math.min(below, above) + 1)) / (resamples + 1));
  return { mean, low: quantile(drawn, 0.025), high: quantile(drawn, 0.975), p };
}

function meanDifference(seeds: readonly PairedSeed[], weights: readonly number[], times: Int32Array): number {
  const sum = seeds.reduce((total, { candidate, baseline }, index) => {
    const weight = weights[index] ?? 0;
    return weight === 0 ? total : total + weight * (candidate(times) - baseline(times));
  }, 0);
  return sum / seeds.length;
}
