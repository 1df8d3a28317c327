/**
 * The calls that a round may use. The first round is the plan. Later rounds use the calls that the plan leaves, in slot
 * order, so that the order of arrival never decides which slots are paid.
 */
import type { PlanRoundInput } from '../../contracts/activity-messages.ts';
import type { PlannedCall } from '../../contracts/records.ts';
import { callsPerSlot } from '../../domain/budget/needed-calls.ts';
import { stageSlots } from '../../domain/quotas/stage-slots.ts';
import type { World } from '../ports/world.ts';

/**
 * Reserves in the ledger the calls that the plan still needs, so that reissues cannot use them: unsent calls of this
 * round, one verification per synthetic row if rows are verified, and the most that later stages may need.
 */
export async function announcePlan(
  { ledger }: World,
  { input }: PlanRoundInput,
  calls: readonly PlannedCall[],
): Promise<void> {
  const { spec, stage } = input;
  const known = new Set((await ledger.slots({ run: spec.name, stage, round: 0 })).map(({ slot }) => slot));
  const open = calls.filter(({ slot }) => !known.has(slot)).length;
  const verified = spec.switches.verify === 'teacher' ? calls.filter(({ kind }) => kind === 'synthesize').length : 0;
  await ledger.setPlanned({
    run: spec.name,
    calls: open + verified + (await callsOfLaterStages(ledger, input, callsPerSlot(spec.switches))),
  });
}

/**
 * The slots of a later round that the budget covers, in slot order. A verification must leave one call for each slot of
 * the later stages; any other round must leave the calls of their verifications too. Slots in the ledger are paid already.
 */
export async function affordable(
  { ledger }: World,
  { input, earlier }: PlanRoundInput,
  purpose: 'verify' | 'fill',
  slots: readonly number[],
): Promise<ReadonlySet<number>> {
  const { spec, stage } = input;
  const reserved = await callsOfLaterStages(ledger, input, purpose === 'verify' ? 1 : callsPerSlot(spec.switches));
  await ledger.setPlanned({ run: spec.name, calls: reserved });
  const known = new Set((await ledger.slots({ run: spec.name, stage, round: earlier.length })).map(({ slot }) => slot));
  const { limit, charged } = await ledger.budget({ run: spec.name });
  const unknown = slots.filter((slot) => !known.has(slot)).sort((a, b) => a - b);
  const spare = Math.max(0, limit - charged - reserved);
  return new Set([...known, ...unknown.slice(0, spare)]);
}

/** Calls that later stages may need, without those that a preview has bought and charged already. */
async function callsOfLaterStages(
  ledger: World['ledger'],
  { spec, stage }: PlanRoundInput['input'],
  perSlot: number,
): Promise<number> {
  let calls = 0;
  for (let next = stage + 1; next < spec.stages; next += 1) {
    const bought = (await ledger.slots({ run: spec.name, stage: next, round: 0 })).length;
    calls += stageSlots(spec.budget.slots, spec.stages, next) * perSlot - bought;
  }
  return Math.max(0, calls);
}
