/**
 * What a round may spend. The first round is the plan. Every later one lives on what the plan
 * leaves, and takes it in slot order, so that it never matters which call arrives first where not all can be paid.
 */
import type { PlanRoundInput } from '../../contracts/activity-messages.ts';
import type { PlannedCall } from '../../contracts/records.ts';
import { callsPerSlot } from '../../domain/budget/needed-calls.ts';
import { stageSlots } from '../../domain/quotas/stage-slots.ts';
import type { World } from '../ports/world.ts';

/**
 * Reserves in the ledger what the plan still needs, so that reissues cannot use it: calls of this round that were not asked
 * yet, one more for each row to be synthesized where these are verified, and the most that later stages may need.
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
    calls: open + verified + (await later(ledger, input, callsPerSlot(spec.switches))),
  });
}

/**
 * The slots of a later round that there are calls for, the first ones first. A verification must leave later stages
 * the calls of their slots; any other round their verifications too. What the ledger knows already is paid for.
 */
export async function affordable(
  { ledger }: World,
  { input, earlier }: PlanRoundInput,
  purpose: 'verify' | 'fill',
  slots: readonly number[],
): Promise<ReadonlySet<number>> {
  const { spec, stage } = input;
  const reserved = await later(ledger, input, purpose === 'verify' ? 1 : callsPerSlot(spec.switches));
  await ledger.setPlanned({ run: spec.name, calls: reserved });
  const known = new Set((await ledger.slots({ run: spec.name, stage, round: earlier.length })).map(({ slot }) => slot));
  const { limit, charged } = await ledger.budget({ run: spec.name });
  const unknown = slots.filter((slot) => !known.has(slot)).sort((a, b) => a - b);
  const spare = Math.max(0, limit - charged - reserved);
  return new Set([...known, ...unknown.slice(0, spare)]);
}

/** Calls that the stages after this one may need; those that a preview has bought are charged already. */
async function later(
  ledger: World['ledger'],
  { spec, stage }: PlanRoundInput['input'],
  callsASlot: number,
): Promise<number> {
  let calls = 0;
  for (let next = stage + 1; next < spec.stages; next += 1) {
    const bought = (await ledger.slots({ run: spec.name, stage: next, round: 0 })).length;
    calls += stageSlots(spec.budget.slots, spec.stages, next) * callsASlot - bought;
  }
  return Math.max(0, calls);
}
