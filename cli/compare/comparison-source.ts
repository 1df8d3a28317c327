/** A compare file as cells with every choice made, or as every mistake in one message. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { plannedRun } from '../../estimate/run-size.ts';
import { createPrepare } from '../../activities/data/prepare.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { cells, dataRuns } from '../../adapters/compare-file/cells.ts';
import { readCompareFile } from '../../adapters/compare-file/read.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import { formatProblems } from '../../adapters/run-file/problem.ts';
import type { Problem } from '../../adapters/run-file/problem.ts';
import type { CompareFile } from '../../contracts/comparison/compare-file.ts';
import type { ComparisonPlan, PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import { DomainTable } from '../../contracts/records.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { dataFolder } from '../../workers/services/home.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { artifactFolder } from '../runs/stored-runs.ts';

export interface ComparisonSource {
  readonly file: CompareFile;
  readonly runs: readonly PlannedRun[];
  /** In the order of the file. `prepared` null: the file gives counts in place of data. */
  readonly dataSets: readonly DataSource[];
}

export interface DataSource {
  readonly name: string;
  /** Rows of each domain in the training pool. */
  readonly counts: Readonly<Record<string, number>>;
  readonly prepared: Prepared | null;
}

/**
 * Prepares each data set, since slots may be shares of its pool; that writes artifacts, which the runs find again.
 * Throws `CommandError` with exit code 2 and all problems; starts nothing.
 */
export async function readComparison(home: string, path: string, text: string): Promise<ComparisonSource> {
  const refuse = (problems: readonly Problem[]): CommandError =>
    new CommandError(exitCodes.usage, formatProblems(relative(process.cwd(), path), problems), 'Nothing was started.');
  const read = readCompareFile(text, { path, readText: (file) => readFileSync(file, 'utf8') });
  if (!read.ok) throw refuse(read.problems);
  const { reading } = read;
  const options = { dataRoot: dataFolder() };
  const here = dataRuns(reading, options);
  if (!here.ok) throw refuse(here.problems);

  const artifacts = createFileArtifacts(artifactFolder(home));
  const prepare = createPrepare({ artifacts, importer: createImporter() });
  const dataSets: DataSource[] = [];
  for (const [name, { counts }] of reading.bases) {
    const run = here.runs.find(({ data }) => data === name);
    if (counts !== undefined) dataSets.push({ name, counts, prepared: null });
    if (run === undefined) continue;
    const prepared = await prepare(run.spec);
    const { pool } = await artifacts.readJson(prepared.domains, DomainTable);
    dataSets.push({ name, counts: pool, prepared });
  }
  const resolved = cells(reading, new Map(dataSets.map(({ name, counts }) => [name, rowsOf(counts)])), options);
  if (!resolved.ok) throw refuse(resolved.problems);
  return { file: reading.file, runs: resolved.runs, dataSets };
}

/** What a comparison is started with. Throws (exit 2) where data are not there. */
export function planOf({ file, runs, dataSets }: ComparisonSource): ComparisonPlan {
  return {
    name: file.name,
    baseline: file.baseline,
    budgets: [...new Set(runs.flatMap(({ budgets }) => budgets))],
    dataSets: dataSets.map(({ name, prepared }) => {
      if (prepared !== null) return { name, prepared };
      const message = `runs.${name} gives counts in place of data: it can be planned, not run.`;
      throw new CommandError(exitCodes.usage, message, 'Give it data, or leave it out (`data:` names those to take).');
    }),
    runs: [...runs],
  };
}

/** What each cell asks for, as far as counts say it. */
export function comparedPlan(source: ComparisonSource) {
  const counts = new Map(source.dataSets.map((data) => [data.name, data.counts]));
  const runs = source.runs.map(({ spec, data, method, student, capped }) => ({
    ...plannedRun(spec, counts.get(data) ?? {}),
    data,
    method,
    student,
    capped,
  }));
  return { runs, limit: limitOf(source) };
}

/** Calls that a comparison may be charged. */
export function limitOf({ file, runs }: ComparisonSource): number {
  return file.limit ?? runs.reduce((sum, { spec }) => sum + spec.budget.calls, 0);
}

export function rowsOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, rows) => sum + rows, 0);
}
