/** Stores an answer, however late it arrives. */
import type { AnswerCost, CallKey, PaidAnswer, RefusedUsage, RunKey } from '../../../activities/ports/ledger.ts';
import { costDifference, noCost } from '../../../domain/budget/cost.ts';
import type { Cost } from '../../../domain/budget/cost.ts';
import { chargesOfCall, findCall, isGivenBack, moveCall, updateCharge } from '../calls.ts';
import type { CallRow, ChargeRow } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { LedgerTransaction, Parameter, RunAccount } from '../transaction.ts';

const storeAnswer = statement((database, p: Parameter<CallKey & PaidAnswer & { microUsd: number | null }>) =>
  database
    .updateTable('calls')
    .set({ answer_text: p('text'), finish_reason: p('finishReason'), latency_ms: p('latencyMs') })
    .set({ input_tokens: p('inputTokens'), cached_input_tokens: p('cachedInputTokens') })
    .set({ output_tokens: p('outputTokens'), micro_usd: p('microUsd') })
    .where('call_id', '=', p('callId')),
);

const impossibleUsage = 'impossible usage: ';

const impossibleUsageOf = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('charges')
    .select('slot')
    .where('run', '=', p('run'))
    .where('reason', 'like', `${impossibleUsage}%`)
    .limit(1),
);

/** `settled` for an open call, `recovered` for one that ended without an answer; a stored answer is kept. */
export const settle: Operation<'settle'> = async (transaction, { callId, answer, cost }) => {
  const call = await findCall(transaction, callId);
  if (call.state === 'settled' || call.state === 'recovered') return call.state;
  const state = call.state === 'intent' ? 'settled' : 'recovered';
  if (!(await moveCall(transaction, call, { state, session: '', reason: null }))) {
    throw new Error(`ledger: the call ${call.call_id} changed inside its own transaction`);
  }
  await transaction.run(storeAnswer, { ...answer, callId, microUsd: cost?.microUsd ?? null });
  const { refusedUsage } = answer;
  // A run that was resumed after one impossible usage accepts the worst case for all of them.
  const impossible =
    refusedUsage?.impossible === true && (await transaction.run(impossibleUsageOf, { run: call.run })).length === 0;
  const above = await creditSlots(transaction, call, { cost, reason: usageText(refusedUsage) });
  return above || impossible ? 'above-bound' : state;
};

/** A usage that was refused, as the reason of the charge that stays at its worst case. */
function usageText(usage: RefusedUsage | undefined): string | null {
  return usage === undefined ? null : `${usage.impossible ? impossibleUsage : 'usage: '}${usage.text}`;
}

/** True when the answer cost more than the worst case its payer reserved. `reason`: of the payer's charge. */
async function creditSlots(
  transaction: LedgerTransaction,
  call: CallRow,
  { cost, reason }: { readonly cost: AnswerCost | null; readonly reason: string | null },
): Promise<boolean> {
  const callId = call.call_id;
  let unpaid = call.state === 'refused';
  let above = false;
  for (const row of await transaction.run(chargesOfCall, { callId })) {
    const account = await transaction.account(row.run);
    const charged: Cost = { tokens: row.tokens, microUsd: row.micro_usd };
    const actual: Cost = cost === null ? charged : { tokens: cost.tokens, microUsd: cost.microUsd ?? row.micro_usd };
    const change = costDifference(actual, charged);
    const amounts = { tokens: actual.tokens, micro_usd: actual.microUsd };
    if (row.state === 'open' && row.role === 'cached') {
      // A follower that counts nothing reserved nothing. The payer is charged for the tokens.
      if (row.charged === 1) account.mustApply({ type: 'settle', cached: true, change: noCost }, 'settle', callId);
      await updateCharge(transaction, row, { state: 'settled', reason: null });
    } else if (row.state === 'open') {
      account.mustApply({ type: 'settle', cached: false, change }, 'settle', callId);
      await updateCharge(transaction, row, { state: 'settled', reason, ...amounts });
      above = noteExcess(account, row, change) || above;
    } else if (row.state === 'forfeited') {
      account.mustApply({ type: 'recover', change }, 'recover', callId);
      await updateCharge(transaction, row, { state: 'recovered', reason, ...amounts });
      above = noteExcess(account, row, change) || above;
    } else if (unpaid && isGivenBack(row) && row.role === 'payer') {
      unpaid = false;
      await updateCharge(transaction, row, { state: 'recovered', reason: null, ...recharge(account, row, cost) });
    }
  }
  return above;
}

/** Later calls of the run reserve what this answer cost beyond its worst case. */
function noteExcess(account: RunAccount, row: ChargeRow, change: Cost): boolean {
  // A call of schema version 1 has no worst case to compare with.
  if (row.worst_tokens === 0 || (change.tokens <= 0 && change.microUsd <= 0)) return false;
  account.raiseExcess(change);
  account.log('above-bound', row.call_id);
  return true;
}

/** The answer of a call whose charge was given back: it is charged again, but never above a limit. */
function recharge(account: RunAccount, row: ChargeRow, cost: AnswerCost | null): Partial<ChargeRow> {
  const tokens = cost?.tokens ?? row.worst_tokens;
  const microUsd = cost?.microUsd ?? row.worst_micro_usd;
  const event = { type: 'recharge', cost: { tokens, microUsd } } as const;
  if (account.apply(event, 'recharge', row.call_id) === undefined) return { charged: 1, tokens, micro_usd: microUsd };
  account.log('recover-above-limit', row.call_id);
  return { charged: 0 };
}
