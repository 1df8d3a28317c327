/** Storing an answer. None is ever lost, however late it comes. */
import type { AnswerCost, PaidAnswer, RefusedUsage } from '../../../activities/ports/ledger.ts';
import { costDifference } from '../../../domain/budget/cost.ts';
import type { Cost } from '../../../domain/budget/cost.ts';
import type { CallRow, ChargeRow } from '../statements.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { isGivenBack, mustApply } from './charge.ts';

export interface Settlement {
  readonly callId: string;
  readonly answer: PaidAnswer;
  readonly cost: AnswerCost | null;
}

/** `settled` for an open call, `recovered` for one already given up; an answer that is there already is kept. */
export async function settleCall(
  transaction: LedgerTransaction,
  { callId, answer, cost }: Settlement,
): Promise<'settled' | 'recovered' | 'above-bound'> {
  const call = await transaction.call(callId);
  if (call.state === 'settled' || call.state === 'recovered') return call.state;
  const state = call.state === 'intent' ? 'settled' : 'recovered';
  if (!(await transaction.moveCall(call, { state, session: '', reason: null }))) {
    throw new Error(`ledger: the call ${call.call_id} changed inside its own transaction`);
  }
  await transaction.statements.storeAnswer(transaction.database, {
    call_id: callId,
    answer_text: answer.text,
    finish_reason: answer.finishReason,
    input_tokens: answer.inputTokens,
    cached_input_tokens: answer.cachedInputTokens,
    output_tokens: answer.outputTokens,
    latency_ms: answer.latencyMs,
    micro_usd: cost?.microUsd ?? null,
  });
  const { refusedUsage } = answer;
  const unheardOf = refusedUsage?.impossible === true && !(await reportedBefore(transaction, call.run));
  const above = await creditSlots(transaction, call, { cost, reason: usageText(refusedUsage) });
  return above || unheardOf ? 'above-bound' : state;
}

const impossibleUsage = 'impossible usage: ';

/** A usage that was not used, as the reason of the charge that it left at its worst case. */
function usageText(usage: RefusedUsage | undefined): string | null {
  return usage === undefined ? null : `${usage.impossible ? impossibleUsage : 'usage: '}${usage.text}`;
}

/** Whether the run has an impossible usage already: a person who resumed the run accepts the worst case for all of them. */
async function reportedBefore({ database }: LedgerTransaction, run: string): Promise<boolean> {
  const known = await database
    .selectFrom('charges')
    .select('slot')
    .where('run', '=', run)
    .where('reason', 'like', `${impossibleUsage}%`)
    .executeTakeFirst();
  return known !== undefined;
}

/** True when the answer was dearer than the worst case its payer was charged. `reason`: of the payer's charge. */
async function creditSlots(
  transaction: LedgerTransaction,
  call: CallRow,
  { cost, reason }: { cost: AnswerCost | null; reason: string | null },
): Promise<boolean> {
  const callId = call.call_id;
  let unpaid = call.state === 'refused';
  let above = false;
  for (const row of await transaction.statements.chargesOfCall(transaction.database, { call_id: callId })) {
    const charged: Cost = { tokens: row.tokens, microUsd: row.micro_usd };
    const actual: Cost = cost === null ? charged : { tokens: cost.tokens, microUsd: cost.microUsd ?? row.micro_usd };
    const change = costDifference(actual, charged);
    const amounts = { tokens: actual.tokens, micro_usd: actual.microUsd };
    if (row.state === 'open' && row.role === 'cached') {
      // A follower that counts nothing reserved nothing: there is nothing to end. The tokens are the payer's.
      const settled = { type: 'settle', cached: true, change: { tokens: 0, microUsd: 0 } } as const;
      if (row.charged === 1) await mustApply(transaction, row.run, settled, 'settle', callId);
      await transaction.updateCharge(row, { state: 'settled', reason: null });
    } else if (row.state === 'open') {
      await mustApply(transaction, row.run, { type: 'settle', cached: false, change }, 'settle', callId);
      await transaction.updateCharge(row, { state: 'settled', reason, ...amounts });
      above = (await noteExcess(transaction, row, change)) || above;
    } else if (row.state === 'forfeited') {
      await mustApply(transaction, row.run, { type: 'recover', change }, 'recover', callId);
      await transaction.updateCharge(row, { state: 'recovered', reason, ...amounts });
      above = (await noteExcess(transaction, row, change)) || above;
    } else if (unpaid && isGivenBack(row) && row.role === 'payer') {
      unpaid = false;
      await recharge(transaction, row, cost);
    }
  }
  return above;
}

/** What an answer costs beyond its worst case is remembered, so that the next worst case is one. */
async function noteExcess(transaction: LedgerTransaction, row: ChargeRow, change: Cost): Promise<boolean> {
  // A call of schema version 1 has no worst case to compare with.
  if (row.worst_tokens === 0 || (change.tokens <= 0 && change.microUsd <= 0)) return false;
  await transaction.raiseExcess(row.run, change);
  await transaction.log(row.run, 'above-bound', row.call_id);
  return true;
}

/** The charge was given back and the answer came all the same: it is charged after all, never above a limit. */
async function recharge(transaction: LedgerTransaction, row: ChargeRow, cost: AnswerCost | null): Promise<void> {
  const full: Cost = {
    tokens: cost?.tokens ?? row.worst_tokens,
    microUsd: cost?.microUsd ?? row.worst_micro_usd,
  };
  const applied = await transaction.apply(row.run, { type: 'recharge', cost: full }, 'recharge', row.call_id);
  const charged = 'refusal' in applied ? 0 : 1;
  if (charged === 0) await transaction.log(row.run, 'recover-above-limit', row.call_id);
  const amounts = charged === 0 ? {} : { tokens: full.tokens, micro_usd: full.microUsd };
  await transaction.updateCharge(row, { state: 'recovered', reason: null, charged, ...amounts });
}
