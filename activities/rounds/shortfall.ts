/** Which slots of a stage their domain could not fill. */
import type { DecidedSlot } from '../decisions/stage-decisions.ts';

/** Reasons for an empty slot that another row would not fix: the budget, not the data, ran out. */
const budgetReasons: ReadonlySet<string> = new Set(['calls', 'tokens', 'money', 'forfeited', 'unsent']);

/** A slot without a row that `shortfall` may fill. A dropped annotation used its slot: `refill` alone asks for it again. */
export function isShort(slot: DecidedSlot | undefined): boolean {
  if (slot === undefined) return true;
  const { kind, decision } = slot;
  if (decision.kind === 'empty') return !budgetReasons.has(decision.reason);
  return decision.kind === 'dropped' && kind === 'synthesize';
}
