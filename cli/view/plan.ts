/** Plans as tables. */
import type { PlannedRunCosts } from '../../estimate/run-size.ts';
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

function callsText({ slots, real, synthetic, repeated, empty, calls, callLimit }: PlannedRunCosts): string {
  const rest = [...(repeated > 0 ? [`${repeated} repeated`] : []), ...(empty > 0 ? [`${empty} left empty`] : [])];
  const parts = [`${real} real rows`, `${synthetic} to synthesize`, ...rest];
  return `${slots} slots: ${parts.join(', ')}; ${calls} teacher calls as planned, at most ${callLimit}.`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
