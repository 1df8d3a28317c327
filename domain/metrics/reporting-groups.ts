/** Groups for reports that do not move with the budget. */

export type ReportingGroup = 'head' | 'middle' | 'tail';

/** Head `n_d >= N/l`, tail `n_d < N/(2l)`, else middle; `counts` are the rows of each domain in the pool. */
export function reportingGroups(counts: Readonly<Record<string, number>>): ReadonlyMap<string, ReportingGroup> {
  const { head, tail } = groupBorders(Object.values(counts));
  return new Map(
    Object.entries(counts).map(([domain, count]) => [
      domain,
      count >= head ? ('head' as const) : count < tail ? ('tail' as const) : ('middle' as const),
    ]),
  );
}

/**
 * Rows of a domain from which on it is head, and below which it is tail. Counts are whole numbers, so rounding these
 * quotients takes none of them across.
 */
export function groupBorders(counts: readonly number[]): { readonly head: number; readonly tail: number } {
  const share = counts.reduce((sum, count) => sum + count, 0) / Math.max(counts.length, 1);
  return { head: share, tail: share / 2 };
}

/** Domains with fewer real rows than a balanced budget would give them: `n_d < B/l`. */
export function shortOfBalancedShare(counts: Readonly<Record<string, number>>, slots: number): ReadonlySet<string> {
  const domains = Object.entries(counts);
  return new Set(domains.filter(([, count]) => count * domains.length < slots).map(([domain]) => domain));
}
