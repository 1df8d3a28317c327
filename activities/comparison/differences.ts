/** The difference of every method to the baseline per data set and block, paired over test rows and seeds. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { Prediction } from '../../contracts/records.ts';
import { macroOf } from '../../domain/metrics/macro-shares.ts';
import type { MacroOf } from '../../domain/metrics/macro-shares.ts';
import type { JudgedRow, Task } from '../../domain/tasks/task.ts';
import { pairedBootstrap } from '../../domain/statistics/paired-bootstrap.ts';
import type { PairedDifference, PairedSeed } from '../../domain/statistics/paired-bootstrap.ts';
import { baselineFor, distinct } from '../../report/comparison/groups.ts';
import type { BlockGroup, RowGroup } from '../../report/comparison/groups.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { GatheredCell } from './gather.ts';

export interface RawDifference extends PairedDifference {
  readonly seeds: number;
}

/** By row and data set. There is no entry for the baseline itself, nor where the two have no seed in common. */
export async function differencesIn(
  artifacts: Artifacts,
  block: BlockGroup<GatheredCell>,
  baseline: string,
  tasks: ReadonlyMap<string, Task>,
): Promise<Map<RowGroup<GatheredCell>, Map<string, RawDifference>>> {
  const found = new Map<RowGroup<GatheredCell>, Map<string, RawDifference>>();
  const predictions = readOnce(artifacts);
  for (const row of block.rows) {
    const baselineRow = baselineFor(row, block, baseline);
    if (row.method === baseline || baselineRow === undefined) continue;
    const byData = new Map<string, RawDifference>();
    for (const data of distinct(row.cells.map(({ cell }) => cell.data))) {
      const task = tasks.get(data);
      if (task === undefined) continue;
      const difference = await compared(predictions, task, cellsOf(row, data), cellsOf(baselineRow, data));
      if (difference !== null) byData.set(data, difference);
    }
    found.set(row, byData);
  }
  return found;
}

function cellsOf(row: RowGroup<GatheredCell>, data: string): readonly GatheredCell[] {
  return row.cells.filter(({ cell }) => cell.data === data);
}

type Judgement = JudgedRow & Pick<Prediction, 'id'>;
type ReadPredictions = (reference: ArtifactRef) => Promise<readonly Judgement[]>;

/** Reads each file of predictions once: the baseline's are needed for every method. Drops the students' long outputs. */
function readOnce(artifacts: Artifacts): ReadPredictions {
  const known = new Map<string, Promise<readonly Judgement[]>>();
  return (reference) => {
    const reading = known.get(reference.sha256) ?? judgements(artifacts, reference);
    known.set(reference.sha256, reading);
    return reading;
  };
}

async function judgements(artifacts: Artifacts, reference: ArtifactRef): Promise<readonly Judgement[]> {
  const rows: Judgement[] = [];
  for await (const { output: _, ...row } of artifacts.readLines(reference, Prediction)) rows.push(row);
  return rows;
}

async function compared(
  read: ReadPredictions,
  task: Task,
  candidates: readonly GatheredCell[],
  baselines: readonly GatheredCell[],
): Promise<RawDifference | null> {
  const pairs: PairedSeed[] = [];
  let first: readonly Judgement[] | null = null;
  for (const { cell, scores } of candidates) {
    const baseline = baselines.find((one) => one.cell.seed === cell.seed)?.scores;
    if (scores === null || !baseline) continue;
    const [own, other] = await Promise.all([read(scores.predictions), read(baseline.predictions)]);
    // Different test rows (another split, or a file edited between seeds) cannot be paired.
    first ??= sameRows(own, other) ? own : null;
    if (first === null || !sameRows(first, own) || !sameRows(first, other)) continue;
    pairs.push({ candidate: macroOfRows(task, own), baseline: macroOfRows(task, other) });
  }
  if (first === null) return null;
  return { ...pairedBootstrap(pairs, strataOf(first), { seed: 0 }), seeds: pairs.length };
}

function sameRows(some: readonly Judgement[], others: readonly Judgement[]): boolean {
  return some.length === others.length && some.every(({ id }, row) => id === others[row]?.id);
}

function macroOfRows(task: Task, rows: readonly Judgement[]): MacroOf {
  return macroOf(rows.map((row) => task.shares(row)));
}

function strataOf(rows: readonly Judgement[]): number[][] {
  const strata = new Map<string, number[]>();
  for (const [index, { domain }] of rows.entries()) {
    const stratum = strata.get(domain);
    if (stratum === undefined) strata.set(domain, [index]);
    else stratum.push(index);
  }
  return [...strata.values()];
}
