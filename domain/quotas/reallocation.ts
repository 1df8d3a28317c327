/** Where the slots go that a domain can fill with neither a real nor a synthetic row (`shortfall: reallocate`). */
import type { StageCredits } from './quotas.ts';
import { seededHash } from '../random.ts';

export interface Reallocated {
  readonly slot: number;
  readonly domain: string;
}

/**
 * Slot by slot, in the order given, to the domain with the largest credit among those that have rows left; each slot
 * costs its domain one. Ties by a seeded hash of the domain. Slots beyond the last row go nowhere.
 */
export function reallocate(
  slots: readonly number[],
  { credits, unit }: StageCredits,
  left: ReadonlyMap<string, number>,
  seed: number,
): Reallocated[] {
  const open = [...left]
    .map(([domain, rows]) => ({
      domain,
      rows,
      credit: credits.get(domain) ?? 0n,
      tie: seededHash(seed, 'reallocate', domain),
    }))
    .filter(({ rows }) => rows > 0);
  return slots.flatMap((slot) => {
    let best = open[0];
    for (const account of open) if (best !== undefined && isBefore(account, best)) best = account;
    if (best === undefined) return [];
    best.credit -= unit;
    best.rows -= 1;
    if (best.rows === 0) open.splice(open.indexOf(best), 1);
    return [{ slot, domain: best.domain }];
  });
}

interface Account {
  readonly domain: string;
  readonly tie: number;
  readonly credit: bigint;
}

function isBefore(a: Account, b: Account): boolean {
  if (a.credit !== b.credit) return a.credit > b.credit;
  return a.tie < b.tie || (a.tie === b.tie && a.domain < b.domain);
}
