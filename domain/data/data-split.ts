/**
 * Splits one set of rows into training, validation and test: per domain, near-duplicates kept
 * together, at least one training row in every domain. It has its own seed, and which part a row goes to does not
 * depend on the order of the rows.
 */
import { nearDuplicateIndex } from '../duplicates/near-duplicates.ts';
import { seededHash } from '../random.ts';
import type { SeedPart } from '../random.ts';

export interface SplitOptions {
  /** Shares of each domain, 0 to 0.5. */
  readonly validation: number;
  readonly test: number;
  readonly seed: SeedPart;
}

export interface SplitRow {
  readonly id: string;
  readonly domain: string;
  readonly input: string;
}

export type SplitPart = 'train' | 'validation' | 'test';

export interface SplitResult {
  /** Part of each row, in the order the rows were given. */
  readonly parts: readonly SplitPart[];
  /** Domains without test rows, sorted: they cannot be scored. */
  readonly unscored: readonly string[];
}

export interface Splitter {
  add(row: SplitRow): void;
  finish(): SplitResult;
}

export function splitRows(rows: Iterable<SplitRow>, options: SplitOptions): SplitResult {
  const splitter = createSplitter(options);
  for (const row of rows) splitter.add(row);
  return splitter.finish();
}

/** Takes rows one by one and keeps no text, so that memory stays small. */
export function createSplitter(options: SplitOptions): Splitter {
  const index = nearDuplicateIndex();
  const numbers = new Map<string, number>();
  const names: string[] = [];
  const domains: number[] = [];
  const order: number[] = [];
  return {
    add(row) {
      index.add(row.input);
      let domain = numbers.get(row.domain);
      if (domain === undefined) {
        domain = names.push(row.domain) - 1;
        numbers.set(row.domain, domain);
      }
      domains.push(domain);
      order.push(seededHash(options.seed, 'split', row.id));
    },
    finish() {
      const places = openPlaces(options, domains, names.length);
      const parts = domains.map((): SplitPart => 'train');
      for (const rows of clusters(index.groups(), order)) assign(rows, domains, places, parts);
      const scored = new Set(domains.filter((_, row) => parts[row] === 'test'));
      return { parts, unscored: names.filter((_, domain) => !scored.has(domain)).sort() };
    },
  };
}

/** Rows of each cluster of near-duplicates, clusters in the order of their lowest hash. */
function* clusters(groups: Int32Array, order: readonly number[]): Generator<Int32Array> {
  const rank = Float64Array.from(order);
  for (const [row, group] of groups.entries()) rank[group] = Math.min(rank[group] ?? 0, order[row] ?? 0);
  const rankOf = (row: number): number => rank[groups[row] ?? 0] ?? 0;
  const rows = new Int32Array(groups.length).map((_, row) => row);
  rows.sort((a, b) => rankOf(a) - rankOf(b) || (groups[a] ?? 0) - (groups[b] ?? 0));
  for (let start = 0; start < rows.length;) {
    const group = groups[rows[start] ?? 0];
    let end = start + 1;
    while (end < rows.length && groups[rows[end] ?? 0] === group) end += 1;
    yield rows.subarray(start, end);
    start = end;
  }
}

/** Rows that each domain may still give away. */
interface Places {
  readonly test: Int32Array;
  readonly validation: Int32Array;
}

/** Rounded shares of each domain; one row always stays for training, and test comes before validation. */
function openPlaces(options: SplitOptions, domains: readonly number[], count: number): Places {
  const rows = new Int32Array(count);
  for (const domain of domains) rows[domain] = (rows[domain] ?? 0) + 1;
  const test = rows.map((all) => Math.min(Math.round(all * options.test), all - 1));
  const validation = rows.map((all, domain) =>
    Math.min(Math.round(all * options.validation), all - 1 - (test[domain] ?? 0)),
  );
  return { test, validation };
}

/** A cluster goes whole to test, else to validation, wherever all of it fits; else it stays in training. */
function assign(rows: Int32Array, domains: readonly number[], places: Places, parts: SplitPart[]): void {
  const needed = new Map<number, number>();
  for (const row of rows) needed.set(domains[row] ?? 0, (needed.get(domains[row] ?? 0) ?? 0) + 1);
  for (const part of ['test', 'validation'] as const) {
    if ([...needed].some(([domain, count]) => (places[part][domain] ?? 0) < count)) continue;
    for (const [domain, count] of needed) places[part][domain] = (places[part][domain] ?? 0) - count;
    for (const row of rows) parts[row] = part;
    return;
  }
}
