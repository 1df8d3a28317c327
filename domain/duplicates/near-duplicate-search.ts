/**
 * Looks up near-duplicates (Jaccard of word 5-grams at least 0.8) among a few texts that come and go, such as the rows
 * synthesized in a stage. `near-duplicates.ts` clusters many texts at once.
 */
import { shingles } from './shingles.ts';

export interface NearDuplicateSearch {
  /** Takes a text under a key of its own. */
  add(key: number, text: string): void;
  remove(key: number): void;
  /** Keys of all texts that are near-duplicates of this one, in no order that means anything. */
  find(text: string): number[];
}

export function createNearDuplicateSearch(): NearDuplicateSearch {
  const grams = new Map<number, Uint32Array>();
  const holders = new Map<number, Set<number>>();
  return {
    add(key, text) {
      const set = shingles(text);
      grams.set(key, set);
      for (const gram of set) {
        const known = holders.get(gram);
        if (known === undefined) holders.set(gram, new Set([key]));
        else known.add(key);
      }
    },
    remove(key) {
      for (const gram of grams.get(key) ?? []) holders.get(gram)?.delete(key);
      grams.delete(key);
    },
    find(text) {
      const set = shingles(text);
      const shared = new Map<number, number>();
      for (const gram of set) for (const key of holders.get(gram) ?? []) shared.set(key, (shared.get(key) ?? 0) + 1);
      return [...shared].flatMap(([key, both]) => (isNear(both, set.length, grams.get(key)?.length ?? 0) ? [key] : []));
    },
  };
}

/** shared / (a + b - shared) >= 4/5, in whole numbers. */
function isNear(shared: number, a: number, b: number): boolean {
  return 9 * shared >= 4 * (a + b);
}
