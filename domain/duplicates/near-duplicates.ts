/**
 * Clusters of texts whose word 5-grams have a Jaccard similarity of at least 0.8 with some other text of the cluster.
 * Exact, not sampled: prefix filtering (Chaudhuri et al. 2006; Bayardo et al. 2007) finds every pair that can reach
 * the threshold, and each is then compared in full.
 */
import { createGramStore } from './gram-store.ts';
import type { GramStore } from './gram-store.ts';
import { shingles } from './shingles.ts';
import { createUnionFind } from './union-find.ts';
import type { UnionFind } from './union-find.ts';

/** 4/5, as whole numbers, so that a pair at exactly 0.8 is never lost to rounding. */
const numerator = 4;
const denominator = 5;

export interface NearDuplicateIndex {
  /** Takes the next text and keeps only the hashes of its 5-grams. */
  add(text: string): void;
  /** For every text added, in order, the number of the first text of its cluster. */
  groups(): Int32Array;
}

/** Group of each text: the number of the first text of its cluster, so equal numbers mean near-duplicates. */
export function nearDuplicateGroups(texts: Iterable<string>): number[] {
  const index = nearDuplicateIndex();
  for (const text of texts) index.add(text);
  return [...index.groups()];
}

export function nearDuplicateIndex(): NearDuplicateIndex {
  const store = createGramStore();
  return {
    add: (text) => store.add(shingles(text)),
    groups: () => cluster(store),
  };
}

function cluster(store: GramStore): Int32Array {
  const groups = createUnionFind(store.count);
  const distinct = joinEqualSets(store, groups);
  distinct.sort((a, b) => store.sizeOf(a) - store.sizeOf(b) || a - b);

  const frequency = countGrams(store);
  // Chained postings: bucket of a gram -> texts that have it in their prefix. Colliding grams only add candidates.
  const heads = new Int32Array(bucketsFor(store.total / 2)).fill(-1);
  const mask = heads.length - 1;
  const chain: number[] = [];
  const posted: number[] = [];
  const seenBy = new Int32Array(store.count).fill(-1);

  for (const text of distinct) {
    const set = store.get(text);
    for (const hash of prefix(set, frequency)) {
      const bucket = hash & mask;
      for (let at = heads[bucket] ?? -1; at !== -1; at = chain[at] ?? -1) {
        const other = posted[at] ?? text;
        if (seenBy[other] === text) continue;
        seenBy[other] = text;
        // Postings run from long to short texts: from here on all are too short to reach the threshold.
        if (store.sizeOf(other) * denominator < set.length * numerator) break;
        if (groups.find(other) !== groups.find(text) && similar(store.get(other), set)) groups.join(other, text);
      }
      chain.push(heads[bucket] ?? -1);
      heads[bucket] = posted.push(text) - 1;
    }
  }
  return new Int32Array(store.count).map((_, text) => groups.find(text));
}

/** A power of two of at least `wanted`, within reason. */
function bucketsFor(wanted: number): number {
  return 2 ** Math.min(25, Math.max(8, Math.ceil(Math.log2(wanted + 1))));
}

/** Upper bound of the texts that hold a gram (grams share buckets); saturates. */
function countGrams(store: GramStore): Uint16Array {
  const frequency = new Uint16Array(bucketsFor(store.total));
  const mask = frequency.length - 1;
  for (let text = 0; text < store.count; text += 1) {
    for (const hash of store.get(text)) {
      const count = frequency[hash & mask] ?? 0;
      if (count < 0xffff) frequency[hash & mask] = count + 1;
    }
  }
  return frequency;
}

const two32 = 0x100000000;

/**
 * The rarest grams of a set, so many that two similar sets share at least one of them: `size - ceil(0.8 size) + 1`.
 * Any fixed order would do; rare first keeps the postings short. Grams that only this text has are left out.
 */
function prefix(set: Uint32Array, frequency: Uint16Array): number[] {
  const mask = frequency.length - 1;
  const length = set.length - Math.ceil((set.length * numerator) / denominator) + 1;
  const keys = new Float64Array(set.length);
  for (let at = 0; at < set.length; at += 1) {
    const hash = set[at] ?? 0;
    keys[at] = (frequency[hash & mask] ?? 0) * two32 + hash;
  }
  keys.sort();
  const grams: number[] = [];
  for (const key of keys.subarray(0, length)) if (key >= 2 * two32) grams.push(key % two32);
  return grams;
}

/** Joins texts with the same grams at once and gives back one of each, so that mass repeats cost nothing. */
function joinEqualSets(store: GramStore, groups: UnionFind): Int32Array {
  const table = new Int32Array(bucketsFor(2 * store.count)).fill(-1);
  const mask = table.length - 1;
  const distinct: number[] = [];
  for (let text = 0; text < store.count; text += 1) {
    const set = store.get(text);
    let slot = hashOf(set) & mask;
    let first = table[slot] ?? -1;
    while (first !== -1 && !equal(store.get(first), set)) {
      slot = (slot + 1) & mask;
      first = table[slot] ?? -1;
    }
    if (first !== -1) groups.join(first, text);
    else {
      table[slot] = text;
      distinct.push(text);
    }
  }
  return Int32Array.from(distinct);
}

function hashOf(set: Uint32Array): number {
  let hash = set.length;
  for (const gram of set) hash = Math.imul(hash ^ gram, 0x9e3779b1) ^ (hash >>> 15);
  return hash ^ (hash >>> 16);
}

function equal(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((hash, index) => hash === b[index]);
}

/** Jaccard of two sorted sets at least 0.8; stops as soon as too many grams are unmatched. */
function similar(a: Uint32Array, b: Uint32Array): boolean {
  // shared / (|a| + |b| - shared) >= n/d  <=>  shared (n + d) >= n (|a| + |b|)
  const needed = Math.ceil((numerator * (a.length + b.length)) / (numerator + denominator));
  let shared = 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length && shared + Math.min(a.length - i, b.length - j) >= needed) {
    const left = a[i] ?? 0;
    const right = b[j] ?? 0;
    if (left === right) shared += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return shared >= needed;
}
