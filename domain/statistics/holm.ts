/**
 * Holm's step-down correction (Holm 1979): with `adjusted < alpha` as the rule, the chance of one or more false findings
 * in the family is at most alpha, whatever depends on what. In the order given.
 */
export function holm(values: readonly number[]): number[] {
  const ranked = values.map((p, index) => ({ p, index })).toSorted((a, b) => a.p - b.p);
  const adjusted = values.slice();
  let floor = 0;
  for (const [rank, { p, index }] of ranked.entries()) {
    floor = Math.max(floor, Math.min(1, (values.length - rank) * p));
    adjusted[index] = floor;
  }
  return adjusted;
}
