/** The results of a comparison's cells, from the ledger and the artifacts that the results name. */
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { ComparisonCell, ComparisonData } from '../../contracts/comparison/comparison.ts';
import type { Outcomes } from '../../contracts/comparison/comparison-messages.ts';
import type { ComparisonPlan, PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import { Metrics } from '../../contracts/metrics.ts';
import { RunResult } from '../../contracts/progress.ts';
import { Row } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { JudgedRow, Task } from '../../domain/tasks/task.ts';
import { metricName } from '../../report/metric-names.ts';
import type { ScoredCell } from '../../report/comparison/scored-cell.ts';
import { domainTable, taskOf } from '../data/pool.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { RunRecord } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';
import { recordsOf } from './records.ts';

/** A cell with the references that a paired comparison needs. */
export interface GatheredCell extends ScoredCell {
  readonly scores: NonNullable<RunResult['scores']> | null;
}

export async function gatherCells(
  world: World,
  { runs }: ComparisonPlan,
  { statuses, reasons }: Outcomes,
): Promise<GatheredCell[]> {
  const names = runs.map(({ spec }) => spec.name);
  const records = await recordsOf(world.ledger, names);
  const reasonOf = new Map(reasons.map(({ index, reason }) => [index, reason]));
  return await Promise.all(
    runs.map(async (planned, index) => {
      const status = statuses[index] ?? 'waiting';
      const record = records.get(planned.spec.name);
      const given = { status, reason: reasonOf.get(index) ?? null };
      return await gathered(world, planned, given, record);
    }),
  );
}

async function gathered(
  { artifacts }: World,
  planned: PlannedRun,
  { status, reason }: Pick<ComparisonCell, 'status' | 'reason'>,
  record: RunRecord | undefined,
): Promise<GatheredCell> {
  const { spec, data, method, student, budgets, capped } = planned;
  // Partial results of an unfinished run do not show the effect of its settings.
  const result = status === 'completed' ? (RunResult.safeParse(record?.result).data ?? null) : null;
  const { metrics, scores, missing } = await scoresOf(artifacts, result);
  const group = (name: 'head' | 'middle' | 'tail'): number | null =>
    metrics?.groups.find((part) => part.group === name)?.macro ?? null;
  const cell: ComparisonCell = {
    run: spec.name,
    data,
    method,
    student,
    budgets,
    slots: spec.budget.slots,
    capped,
    stages: spec.stages,
    seed: spec.seed,
    status,
    reason: result === null ? reason : missing,
    macro: metrics?.macro ?? null,
    micro: metrics?.micro ?? null,
    groups: { head: group('head'), middle: group('middle'), tail: group('tail') },
    callLimit: record?.limit ?? spec.budget.calls,
    charged: record?.charged ?? 0,
    seconds: result?.seconds ?? null,
  };
  return { cell, interval: metrics?.interval ?? null, scores };
}

interface FoundScores extends Pick<GatheredCell, 'scores'> {
  readonly metrics: Metrics | null;
  /** Why there are no scores; null if there are. */
  readonly missing: string | null;
}

/** Scores of another version or with a missing file are left out of the table; the comparison continues. */
async function scoresOf(artifacts: Artifacts, result: RunResult | null): Promise<FoundScores> {
  const scores = result?.scores ?? null;
  if (scores === null) return { metrics: null, scores, missing: 'it has no test scores' };
  try {
    return { metrics: await artifacts.readJson(scores.metrics, Metrics), scores, missing: null };
  } catch (error) {
    if (!(error instanceof BaldistillError) || error.type !== 'ArtifactMissing') throw error;
    return { metrics: null, scores: null, missing: `its scores cannot be read: ${error.message}` };
  }
}

/** A data set, its task, and the scores of always giving the most frequent answer of its training pool. */
export async function describeData(
  { artifacts }: World,
  name: string,
  { prepared, spec }: { readonly prepared: Prepared; readonly spec: RunSpec },
): Promise<{ described: ComparisonData; task: Task }> {
  const { pool, test } = prepared;
  const [table, task] = await Promise.all([domainTable(artifacts, prepared), taskOf(artifacts, { spec, prepared })]);
  const answer = await mostFrequentAnswer(artifacts, pool);
  const judged: JudgedRow[] = [];
  if (test !== null)
    for await (const { domain, answer: gold, references } of artifacts.readLines(test, Row))
      judged.push({ domain, gold, references, predicted: answer });
  const { metric, macro, micro } = task.metrics({
    judged,
    pool: table.labelCounts ?? table.pool,
    slots: spec.budget.slots,
    seed: 0,
  });
  const described = {
    name,
    task: spec.task,
    metric: metricName(metric),
    pool: pool.rows,
    test: judged.length,
    domains: Object.keys(table.pool).length,
    majority: judged.length === 0 ? null : { answer, macro, micro },
  };
  return { described, task };
}

async function mostFrequentAnswer(artifacts: Artifacts, pool: ArtifactRef): Promise<string> {
  const counts = new Map<string, number>();
  for await (const { answer } of artifacts.readLines(pool, Row)) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [most] = [...counts].toSorted(([a, rows], [b, others]) => others - rows || (a < b ? -1 : 1));
  return most?.[0] ?? '';
}
