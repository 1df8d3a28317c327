/** Which real rows a stage takes. The order of the rows given never matters. */
import { seededHash } from '../random.ts';
import type { SeedPart } from '../random.ts';

export interface Identified {
  readonly id: string;
}

export interface Scored extends Identified {
  /** log IFD or uncertainty; null (or not a finite number) where y was empty or scoring failed: such rows rank last. */
  readonly score: number | null;
}

/** The `quota` rows with the highest scores, best first; ties by a seeded hash of the row id. */
export function takeHighest<T extends Scored>(rows: readonly T[], quota: number, ...seed: readonly SeedPart[]): T[] {
  return ranked(rows, seed).slice(0, quota);
}

/** A row with what the student wrote for it; null where it wrote nothing, which is no output to repeat. */
export interface Written extends Scored {
  readonly output: string | null;
}

/**
 * `takeHighest`, but a row whose whole output was chosen before waits until no other row with a score is left. What is
 * chosen is added to `chosen`, so that the domains of a stage, asked one after the other, share it.
 */
export function takeDistinct<T extends Written>(
  rows: readonly T[],
  quota: number,
  chosen: Set<string>,
  ...seed: readonly SeedPart[]
): T[] {
  const taken: T[] = [];
  const waiting: T[] = [];
  for (const row of ranked(rows, seed)) {
    if (taken.length === quota) break;
    // Rows without a score come last of all: behind the repeats, which were ranked before them.
    const waits = (row.output !== null && chosen.has(row.output)) || rankable(row.score) === Number.NEGATIVE_INFINITY;
    if (waits) waiting.push(row);
    else {
      if (row.output !== null) chosen.add(row.output);
      taken.push(row);
    }
  }
  const rest = waiting.slice(0, quota - taken.length);
  for (const { output } of rest) if (output !== null) chosen.add(output);
  return [...taken, ...rest];
}

function ranked<T extends Scored>(rows: readonly T[], seed: readonly SeedPart[]): T[] {
  return rows
    .map((row) => ({ row, score: rankable(row.score), tie: seededHash(...seed, row.id) }))
    .sort((a, b) => compare(b.score, a.score) || compare(a.tie, b.tie) || compare(a.row.id, b.row.id))
    .map(({ row }) => row);
}

/** A uniform draw of `quota` rows without replacement; all of them where there are fewer. */
export function drawRandom<T extends Identified>(rows: readonly T[], quota: number, ...seed: readonly SeedPart[]): T[] {
  if (quota <= 0) return [];
  const hashes = Float64Array.from(rows, (row) => seededHash(...seed, row.id));
  const last = hashes.toSorted()[Math.min(quota, rows.length) - 1] ?? 0;
  return rows
    .map((row, index) => ({ row, hash: hashes[index] ?? 0 }))
    .filter(({ hash }) => hash <= last)
    .sort((a, b) => compare(a.hash, b.hash) || compare(a.row.id, b.row.id))
    .slice(0, quota)
    .map(({ row }) => row);
}

function rankable(score: number | null): number {
  return score !== null && Number.isFinite(score) ? score : Number.NEGATIVE_INFINITY;
}

/** Not a subtraction: two failed scores are equal, and `-Infinity - -Infinity` is not a number. */
function compare<T extends number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
