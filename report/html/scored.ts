/** The scores of a run. */
import type { Metrics } from '../../contracts/metrics.ts';
import type { Report } from '../../contracts/report.ts';

export interface ScoredStage {
  readonly stage: number;
  readonly metrics: Metrics;
}

/** Stages that were scored on validation, in order. */
export function scoredStages({ stages }: Report): ScoredStage[] {
  return stages.flatMap(({ stage, validation }) => (validation === null ? [] : [{ stage, metrics: validation }]));
}

/** The final scores: on test if it was scored, else the last on validation. */
export function lastScores(
  report: Report,
): { readonly split: 'test' | 'validation'; readonly metrics: Metrics } | null {
  if (report.test !== null) return { split: 'test', metrics: report.test };
  const last = scoredStages(report).at(-1);
  return last === undefined ? null : { split: 'validation', metrics: last.metrics };
}

/** Domains of a run, the most frequent in the pool first. */
export function domainsOf({ data, stages }: Report): string[] {
  const counted = data.domainRows.map(({ domain }) => domain);
  return [...new Set([...counted, ...stages.flatMap(({ outcomes }) => outcomes.map(({ domain }) => domain))])];
}
