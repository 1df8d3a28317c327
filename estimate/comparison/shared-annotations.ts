/** Rationales for rows that several runs take: each is paid once, whoever asks first. */
import { sumOf } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import { loadOf } from '../prompts/prompt-tokens.ts';
import type { CallLoad, PlannedLoad } from '../prompts/prompt-tokens.ts';

/** Rows of a domain in the pool, and what asking for all of them would take. */
export interface DomainRows {
  readonly rows: number;
  readonly paid: number;
  readonly counted: number;
}

/**
 * All annotations of runs over one pool, without those that are asked for a second time. At the least every run takes
 * the rows of the largest; at the most no two the same, while there are others; to expect is what independent draws
 * within each domain come to.
 */
export function sharedAnnotations(
  runs: readonly (readonly PlannedLoad[])[],
  pool: ReadonlyMap<string, DomainRows>,
): CallLoad {
  const all = [...pool.values()];
  const rows = all.reduce((sum, one) => sum + one.rows, 0);
  const totals = runs.map((loads) => loadOf(loads.map(({ annotate }) => annotate)));
  const union = { paid: 0, counted: 0 };
  for (const [domain, of] of pool) {
    const untaken = runs.reduce(
      (left, loads) => left * (1 - Math.min(1, takenOf(loads, domain, of.rows / rows) / of.rows)),
      1,
    );
    union.paid += of.paid * (1 - untaken);
    union.counted += of.counted * (1 - untaken);
  }
  const between = (of: (load: CallLoad) => Range, most: number, likely: number): Range => {
    const low = Math.max(0, ...totals.map((load) => of(load).low));
    const high = Math.max(low, Math.min(sumOf(totals.map(of)).high, most));
    return { low, likely: Math.min(high, Math.max(low, likely)), high };
  };
  return {
    calls: totals.reduce((sum, { calls }) => sum + calls, 0),
    paid: between(({ paid }) => paid, total(all.map(({ paid }) => paid)), union.paid),
    counted: between(({ counted }) => counted, total(all.map(({ counted }) => counted)), union.counted),
  };
}

/** Rows of a domain that a run takes; a method without quotas takes them in proportion. */
function takenOf(loads: readonly PlannedLoad[], domain: string, share: number): number {
  return loads.reduce((taken, load) => {
    if (load.domain === domain) return taken + load.annotate.calls;
    return load.domain === '' ? taken + load.annotate.calls * share : taken;
  }, 0);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
