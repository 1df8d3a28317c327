/** Groups for reports that do not move with the budget (METHOD.md, "Always report"). */

export type ReportingGroup = 'head' | 'middle' | 'tail';

/** Head `n_d >= N/l`, tail `n_d < N/(2l)`, else middle; `counts` are the rows of each domain in the pool. */
export function reportingGroups(counts: Readonly<Record<string, number>>): ReadonlyMap<string, ReportingGroup> {
  const domains = Object.entries(counts);
  const rows = domains.reduce((sum, [, count]) => sum + count, 0);
  return new Map(domains.map(([domain, count]) => [domain, groupOf(count * domains.length, rows)]));
}

/** Domains with fewer real rows than a balanced budget would give them: `n_d < B/l`. */
export function shortOfBalancedShare(counts: Readonly<Record<string, number>>, slots: number): ReadonlySet<string> {
  const domains = Object.entries(counts);
  return new Set(domains.filter(([, count]) => count * domains.length < slots).map(([domain]) => domain));
}

/** `scaled` is `n_d l`: multiplied through, so that nothing is rounded. */
function groupOf(scaled: number, rows: number): ReportingGroup {
  if (scaled >= rows) return 'head';
  return 2 * scaled < rows ? 'tail' : 'middle';
}
