/** Storing an answer. None is ever lost, however late it comes. */
import type { PaidAnswer } from '../../../activities/ports/ledger.ts';
import type { CallRow } from '../statements.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { mustApply } from './charge.ts';

/** `settled` for an open call, `recovered` for one already given up; an answer that is there already is kept. */
export async function settleCall(
  transaction: LedgerTransaction,
  input: { callId: string; answer: PaidAnswer },
): Promise<'settled' | 'recovered'> {
  const call = await transaction.call(input.callId);
  if (call.state === 'settled' || call.state === 'recovered') return call.state;
  const state = call.state === 'intent' ? 'settled' : 'recovered';
  if (!(await transaction.moveCall(call, { state, session: '', reason: null }))) {
    throw new Error(`ledger: the call ${call.call_id} changed inside its own transaction`);
  }
  await transaction.statements.storeAnswer(transaction.database, {
    call_id: call.call_id,
    answer_text: input.answer.text,
    finish_reason: input.answer.finishReason,
    input_tokens: input.answer.inputTokens,
    output_tokens: input.answer.outputTokens,
    latency_ms: input.answer.latencyMs,
  });
  await creditSlots(transaction, call);
  return state;
}

async function creditSlots(transaction: LedgerTransaction, call: CallRow): Promise<void> {
  const callId = call.call_id;
  let unpaid = call.state === 'refused';
  for (const row of await transaction.statements.chargesOfCall(transaction.database, { call_id: callId })) {
    if (row.state === 'open') {
      const cached = row.role === 'cached';
      // A follower that counts nothing reserved nothing: there is nothing to end.
      if (row.charged === 1) await mustApply(transaction, row.run, { type: 'settle', cached }, 'settle', callId);
      await transaction.updateCharge(row, { state: 'settled', reason: null });
    } else if (row.state === 'forfeited') {
      await mustApply(transaction, row.run, { type: 'recover' }, 'recover', callId);
      await transaction.updateCharge(row, { state: 'recovered', reason: null });
    } else if (unpaid && row.state === 'refused' && row.role === 'payer') {
      // The charge was given back and the answer came all the same: it is charged after all, never above the limit.
      unpaid = false;
      const applied = await transaction.apply(row.run, { type: 'recharge' }, 'recharge', callId);
      const charged = 'refusal' in applied ? 0 : 1;
      if (charged === 0) await transaction.log(row.run, 'recover-above-limit', callId);
      await transaction.updateCharge(row, { state: 'recovered', reason: null, charged });
    }
  }
}
