/** What the cells of a comparison came to: from the ledger and from the artifacts that their results name. */
import type { ComparisonCell, ComparisonData } from '../../contracts/comparison.ts';
import type { Outcomes } from '../../contracts/comparison-messages.ts';
import type { ComparisonPlan, PlannedRun } from '../../contracts/comparison-plan.ts';
import { Metrics } from '../../contracts/metrics.ts';
import { RunResult } from '../../contracts/progress.ts';
import { DomainTable, Row } from '../../contracts/records.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { labelScores } from '../../domain/metrics.ts';
import type { ScoredCell } from '../../report/comparison/scored-cell.ts';
import type { RunRecord } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';

/** A cell with what its comparison with others needs. */
export interface GatheredCell extends ScoredCell {
  readonly scores: NonNullable<RunResult['scores']> | null;
}

export async function gatherCells(
  world: World,
  { runs }: ComparisonPlan,
  { statuses, reasons }: Outcomes,
): Promise<GatheredCell[]> {
  const records = new Map((await world.ledger.runs()).map((record) => [record.name, record]));
  const why = new Map(reasons.map(({ index, reason }) => [index, reason]));
  return await Promise.all(
    runs.map(async (planned, index) => {
      const status = statuses[index] ?? 'waiting';
      const record = records.get(planned.spec.name);
      const given = { status, reason: why.get(index) ?? null };
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
  // What is there of a run that did not come to its end is no result of its settings.
  const result = status === 'completed' ? (RunResult.safeParse(record?.result).data ?? null) : null;
  const metrics = result?.scores ? await artifacts.readJson(result.scores.metrics, Metrics) : null;
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
    reason: result !== null && result.macro === null ? 'it has no test scores' : reason,
    macro: result?.macro ?? null,
    micro: result?.micro ?? null,
    groups: { head: group('head'), middle: group('middle'), tail: group('tail') },
    callLimit: record?.limit ?? spec.budget.calls,
    charged: record?.charged ?? 0,
    seconds: result?.seconds ?? null,
  };
  return { cell, interval: metrics?.interval ?? null, scores: result?.scores ?? null };
}

/** A data set and the score of always giving the most frequent answer of its training pool. */
export async function describeData(
  { artifacts }: World,
  name: string,
  task: string,
  { pool, test, domains }: Prepared,
): Promise<ComparisonData> {
  const table = await artifacts.readJson(domains, DomainTable);
  const counts = new Map<string, number>();
  for await (const { answer } of artifacts.readLines(pool, Row)) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const described = { name, task, metric: 'F1', pool: pool.rows, test: test?.rows ?? 0 };
  const [most] = [...counts].toSorted(([a, rows], [b, others]) => others - rows || (a < b ? -1 : 1));
  if (test === null || most === undefined)
    return { ...described, domains: Object.keys(table.pool).length, majority: null };
  const [answer] = most;
  const judged = [];
  for await (const row of artifacts.readLines(test, Row)) judged.push({ gold: row.answer, predicted: answer });
  const scores = labelScores(judged, [...new Set(judged.map(({ gold }) => gold))]);
  const macro = scores.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(1, scores.length);
  const micro = judged.filter(({ gold }) => gold === answer).length / judged.length;
  return { ...described, domains: Object.keys(table.pool).length, majority: { answer, macro, micro } };
}
