/** Plans as tables. */
import type { PlannedRun } from '../../contracts/comparison-plan.ts';
import type { PlannedRunCosts } from '../../activities/plan/planned-run.ts';
import type { RunEstimate } from '../../contracts/run-estimate.ts';
import { terminalLine } from '../terminal-text.ts';
import { estimateText } from './estimate.ts';
import { tableOf } from './table.ts';

/** Quotas, then what they are expected to cost. */
export function runPlanText(
  plan: PlannedRunCosts,
  counts: Readonly<Record<string, number>>,
  estimate: RunEstimate,
  concurrency: number | null,
): string {
  return [quotaText(plan, counts), '', estimateText(estimate, concurrency)].join('\n');
}

/** Quotas of every domain and stage; in brackets what the pool lacks. */
export function quotaText(plan: PlannedRunCosts, counts: Readonly<Record<string, number>>): string {
  const domains = Object.entries(counts).toSorted(([a, rows], [b, others]) => others - rows || (a < b ? -1 : 1));
  const head = ['domain', 'pool', ...plan.stages.map(({ stage }) => `stage ${stage}`)];
  const rows = domains.map(([domain, pool]) => [
    terminalLine(domain),
    String(pool),
    ...plan.stages.map((stage) => quotaOf(domain, stage)),
  ]);
  const slots = ['all', String(sum(Object.values(counts)))];
  const drawn = plan.stages.some(({ quotas }) => quotas === null)
    ? `${plan.method} has no quotas: its rows are drawn or ranked over the whole pool.`
    : 'Quotas; in brackets the slots for which the pool has no rows left.';
  return [
    plan.run,
    tableOf(head, [...rows, [...slots, ...plan.stages.map((stage) => String(stage.slots))]]),
    drawn,
    callsText(plan),
  ].join('\n');
}

function quotaOf(domain: string, { quotas }: PlannedRunCosts['stages'][number]): string {
  const quota = quotas?.find((one) => one.domain === domain);
  if (quota === undefined) return '-';
  return quota.missing === 0 ? String(quota.quota) : `${quota.quota} (${quota.missing})`;
}

export interface ComparedPlan {
  readonly runs: readonly (PlannedRunCosts & Pick<PlannedRun, 'data' | 'method' | 'student' | 'capped'>)[];
  readonly limit: number;
}

/** One line for runs that differ in their seed alone. */
export function comparisonPlanText({ runs, limit }: ComparedPlan): string {
  const groups = Map.groupBy(runs, ({ data, method, student, slots, stages }) =>
    JSON.stringify([data, method, student, slots, stages.length]),
  );
  const rows = [...groups.values()].flatMap((cells) => {
    const [first] = cells;
    if (first === undefined) return [];
    const { data, method, student, slots, stages, real, synthetic, repeated, empty, calls, callLimit, capped } = first;
    return [
      [
        `${data} · ${student}`,
        method,
        capped ? `${slots} (capped)` : String(slots),
        ...[stages.length, real, synthetic, repeated, empty, calls, callLimit, cells.length].map(String),
      ],
    ];
  });
  const kinds = ['real', 'synthetic', 'repeated', 'empty'];
  const head = ['data · student', 'method', 'slots', 'K', ...kinds, 'calls', 'limit', 'seeds'];
  const [calls, most] = [sum(runs.map((run) => run.calls)), sum(runs.map(({ callLimit }) => callLimit))];
  return [
    tableOf(head, rows),
    `${runs.length} runs; ${calls} teacher calls as planned, at most ${most} by their own limits, ` +
      `${limit} by the comparison's.`,
    ...(most > limit ? ['Runs whose limit does not fit into what is left when their turn comes are left out.'] : []),
    'Answers that two runs ask for in the same words are paid once; the runs are charged for them all the same.',
  ].join('\n');
}

function callsText({ slots, real, synthetic, repeated, empty, calls, callLimit }: PlannedRunCosts): string {
  const rest = [...(repeated > 0 ? [`${repeated} repeated`] : []), ...(empty > 0 ? [`${empty} left empty`] : [])];
  const parts = [`${real} real rows`, `${synthetic} to invent`, ...rest];
  return `${slots} slots: ${parts.join(', ')}; ${calls} teacher calls as planned, at most ${callLimit}.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
