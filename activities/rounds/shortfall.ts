import type { DecidedSlot } from '../decisions/stage-decisions.ts';

/** Reasons for an empty slot that another row cannot fix: the budget ran out, not the data. */
const budgetReasons: ReadonlySet<string> = new Set(['calls', 'tokens', 'money', 'forfeited', 'unsent']);

/** Whether `shortfall` may fill the slot: its domain had no row for it. A dropped annotation is left to `refill`. */
export function isShort(slot: DecidedSlot | undefined): boolean {
  if (slot === undefined) return true;
  const { kind, decision } = slot;
  if (decision.kind === 'empty') return !budgetReasons.has(decision.reason);
  return decision.kind === 'dropped' && kind === 'synthesize';
}
