/** How many rows a student ranks in a stage. */

/** Rows to rank for each slot; null for all of them. `total`: rows that may be chosen. */
export function rankedPerSlot(candidates: number | 'auto' | 'all', total: number): number | null {
  if (candidates === 'all' || (candidates === 'auto' && total <= 20_000)) return null;
  return candidates === 'auto' ? 20 : candidates;
}

/** Only where there is a choice is anything ranked. */
export function rankedRows(rows: number, quota: number, perSlot: number | null): number {
  if (quota === 0 || quota > rows) return 0;
  return perSlot === null ? rows : Math.min(rows, quota * perSlot);
}
