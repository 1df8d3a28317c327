/** Scores of tasks whose rows are scored one by one: domain means, their mean, and its interval. */
import { bootstrapMacro } from '../statistics/bootstrap.ts';
import { rowShares } from './macro-shares.ts';
import { assembleMetrics } from './metrics.ts';
import type { MetricName, Metrics, SecondaryScore } from './metrics.ts';
import type { Evaluation, JudgedRow } from '../tasks/task.ts';

/** How well one row was answered, 0 to 1. */
export type RowScore = (row: JudgedRow) => number;

/** Macro: mean over the domains of the split of their mean scores; micro: mean over rows. */
export function rowMetrics(
  evaluation: Evaluation,
  metric: MetricName,
  score: RowScore,
  secondary?: readonly SecondaryScore[],
): Metrics {
  const { judged, pool, seed } = evaluation;
  const byDomain = scoresByDomain(judged, score);
  const rows = judged.map((row) => ({ stratum: row.domain, shares: rowShares(row.domain, score(row)) }));
  const names = [...new Set([...Object.keys(pool), ...byDomain.keys()])].sort();
  return assembleMetrics(evaluation, {
    metric,
    micro: mean([...byDomain.values()].flat()),
    interval: bootstrapMacro(rows, { seed }),
    domains: names.map((domain) => {
      const scores = byDomain.get(domain) ?? [];
      return { domain, support: scores.length, score: mean(scores), label: null, scored: scores.length > 0 };
    }),
    ...(secondary === undefined ? {} : { secondary }),
  });
}

/** A further figure over the same rows, with the same two means. */
export function secondaryScore(
  judged: readonly JudgedRow[],
  metric: SecondaryScore['metric'],
  score: RowScore,
): SecondaryScore {
  const domains = [...scoresByDomain(judged, score).values()];
  return { metric, macro: mean(domains.map(mean)), micro: mean(domains.flat()) };
}

/** Domains and scores sorted: figures are the same to the last bit whatever the order of the rows. */
function scoresByDomain(judged: readonly JudgedRow[], score: RowScore): Map<string, number[]> {
  const byDomain = new Map<string, number[]>();
  for (const row of judged) {
    const scores = byDomain.get(row.domain) ?? [];
    byDomain.set(row.domain, scores);
    scores.push(score(row));
  }
  for (const scores of byDomain.values()) scores.sort((a, b) => a - b);
  return new Map([...byDomain].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
