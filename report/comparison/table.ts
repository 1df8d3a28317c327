/** Computes the blocks of a comparison from scored cells: means, best entries and significant differences. */
import type { Block, ComparisonData, ComparisonRow, Difference, Entry } from '../../contracts/comparison/comparison.ts';
import { holm } from '../../domain/statistics/holm.ts';
import type { PairedDifference } from '../../domain/statistics/paired-bootstrap.ts';
import { spreadOf } from '../../domain/statistics/spread.ts';
import type { BlockGroup, RowGroup } from './groups.ts';
import type { ScoredCell } from './scored-cell.ts';

/** By row and data set. */
export type Differences<C> = ReadonlyMap<
  RowGroup<C>,
  ReadonlyMap<string, PairedDifference & { readonly seeds: number }>
>;

const alpha = 0.05;

export function blockOf<C extends ScoredCell>(
  group: BlockGroup<C>,
  dataSets: readonly ComparisonData[],
  baseline: string,
  differences: Differences<C>,
): Block {
  const corrected = new Map(dataSets.map(({ name }) => [name, correctedOver(group.rows, name, differences)]));
  const columns = dataSets.map((data) => ({
    data: data.name,
    slots: cellsOf(group.rows, data.name)[0]?.cell.slots ?? null,
    signal: signalOf(group.rows, data),
  }));
  const rows = group.rows.map((row): ComparisonRow => {
    const entries = dataSets.map(({ name }) => entryOf(row, name, corrected.get(name)?.get(row) ?? null));
    const counted = entries.filter((_, index) => columns[index]?.signal !== false);
    return { ...rowKeys(row, baseline), entries, mean: meanOf(counted), best: false };
  });
  for (const index of dataSets.keys()) {
    const best = Math.max(...rows.map(({ entries }) => entries[index]?.macro?.mean ?? -Infinity));
    for (const { entries } of rows) {
      const entry = entries[index];
      if (entry !== undefined) entry.best = entry.macro?.mean === best;
    }
  }
  const best = Math.max(...rows.map(({ mean }) => mean ?? -Infinity));
  for (const row of rows) row.best = row.mean === best;
  return { student: group.student, budget: group.budget, columns, rows };
}

function rowKeys<C>({ method, stages, label }: RowGroup<C>, baseline: string) {
  return { method, stages, label, baseline: method === baseline };
}

function cellsOf<C extends ScoredCell>(rows: readonly RowGroup<C>[], data: string): readonly C[] {
  return rows.flatMap(({ cells }) => cells.filter(({ cell }) => cell.data === data));
}

function entryOf<C extends ScoredCell>(row: RowGroup<C>, data: string, difference: Difference | null): Entry {
  const cells = cellsOf([row], data);
  const macros = cells.flatMap(({ cell }) => cell.macro ?? []);
  const micros = cells.flatMap(({ cell }) => cell.micro ?? []);
  return {
    data,
    seeds: macros.length,
    of: cells.length,
    macro: spreadOf(macros),
    micro: spreadOf(micros),
    best: false,
    difference,
  };
}

/** Holm correction over one family: all methods compared with the baseline on one data set of one block. */
function correctedOver<C>(
  rows: readonly RowGroup<C>[],
  data: string,
  differences: Differences<C>,
): ReadonlyMap<RowGroup<C>, Difference> {
  const family = rows.flatMap((row) => {
    const raw = differences.get(row)?.get(data);
    return raw === undefined ? [] : [{ row, raw }];
  });
  const adjusted = holm(family.map(({ raw }) => raw.p));
  return new Map(
    family.map(({ row, raw }, index) => {
      const p = adjusted[index] ?? 1;
      const verdict = p >= alpha ? 'none' : raw.mean > 0 ? 'better' : 'worse';
      return [row, { ...raw, adjusted: p, verdict } satisfies Difference];
    }),
  );
}

/**
 * Whether any method's mean exceeds the majority answer's macro by two standard errors, over rows and seeds. Null if there
 * are no scores to decide.
 */
function signalOf<C extends ScoredCell>(
  rows: readonly RowGroup<C>[],
  { name, majority }: ComparisonData,
): boolean | null {
  if (majority === null) return null;
  const above = rows.flatMap((row) => {
    const scored = cellsOf([row], name).filter(({ cell }) => cell.macro !== null);
    const spread = spreadOf(scored.flatMap(({ cell }) => cell.macro ?? []));
    if (spread === null) return [];
    // A 95 % interval is 3.92 standard errors wide. The test rows are the same for every seed.
    const widths = scored.flatMap(({ interval }) => (interval === null ? [] : [(interval.high - interval.low) / 3.92]));
    const overRows = Math.max(0, ...widths);
    const overSeeds = (spread.deviation ?? 0) ** 2 / scored.length;
    return [spread.mean - 2 * Math.sqrt(overRows ** 2 + overSeeds) > majority.macro];
  });
  return above.length === 0 ? null : above.includes(true);
}

function meanOf(entries: readonly Entry[]): number | null {
  const means = entries.flatMap(({ macro }) => macro?.mean ?? []);
  return means.length < entries.length || means.length === 0 ? null : (spreadOf(means)?.mean ?? null);
}
