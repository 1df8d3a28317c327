import type { Row } from '../../../contracts/records.ts';
import { seededRandom } from '../../../domain/random.ts';
import { loadWordnet } from './wordnet-reader.ts';

/** Rows a category gives away at most, and the seed of the split: its own, never a run's. */
const testRows = 80;
const validationRows = 20;
const splitSeed = 'wordnet-split-1';

export interface WordnetSplit {
  readonly pool: Row[];
  readonly validation: Row[];
  readonly test: Row[];
  /** What the simulated teacher returns as synthetic rows. */
  readonly reserve: Row[];
}

/**
 * Splits the data set: per category at most 80 test and 20 validation rows, together at most half
 * of it; a pool of `pool` rows in natural proportions with at least one row a category; the rest is the reserve.
 * Always the same for the same `pool`; test and validation are the same for every `pool`.
 */
export function splitWordnet(options: { readonly pool: number }): WordnetSplit {
  const split: WordnetSplit = { pool: [], validation: [], test: [], reserve: [] };
  const categories = [...Map.groupBy(loadWordnet(), (row) => row.domain)];
  const left = categories.map(([, rows]) => rows.length - heldOut(rows.length));
  const sizes = proportions(
    categories.map(([, rows]) => rows.length),
    left,
    options.pool,
  );
  for (const [index, [category, rows]] of categories.entries()) {
    const shuffled = seededRandom(splitSeed, category).shuffle(rows);
    const held = heldOut(rows.length);
    const test = Math.round((held * testRows) / (testRows + validationRows));
    const poolEnd = held + (sizes[index] ?? 0);
    split.test.push(...shuffled.slice(0, test));
    split.validation.push(...shuffled.slice(test, held));
    split.pool.push(...shuffled.slice(held, poolEnd));
    split.reserve.push(...shuffled.slice(poolEnd));
  }
  return split;
}

function heldOut(rows: number): number {
  return Math.min(testRows + validationRows, Math.floor(rows / 2));
}

/**
 * `total` in proportion to `weights`, each share at least 1 and at most its cap: whole parts first, then one by one
 * to the share furthest below its exact value (largest remainder), or back from the one furthest above.
 */
function proportions(weights: readonly number[], caps: readonly number[], total: number): number[] {
  const room = caps.reduce((sum, cap) => sum + cap, 0);
  if (total < weights.length || total > room) {
    throw new RangeError(`a WordNet pool has ${weights.length} to ${room} rows, not ${total}`);
  }
  const weight = weights.reduce((sum, value) => sum + value, 0);
  const exact = weights.map((value) => (value * total) / weight);
  const shares = exact.map((value, index) => Math.min(Math.max(1, Math.floor(value)), caps[index] ?? 0));
  let missing = total - shares.reduce((sum, share) => sum + share, 0);
  while (missing !== 0) {
    const step = Math.sign(missing);
    let best = -1;
    let furthest = -Infinity;
    for (const [index, share] of shares.entries()) {
      const distance = step * ((exact[index] ?? 0) - share);
      const possible = step > 0 ? share < (caps[index] ?? 0) : share > 1;
      if (possible && distance > furthest) [best, furthest] = [index, distance];
    }
    shares[best] = (shares[best] ?? 0) + step;
    missing -= step;
  }
  return shares;
}
