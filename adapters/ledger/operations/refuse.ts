/** A call that was certainly not billed: its charge is given back. */
import type { LedgerTransaction } from '../transaction.ts';
import { endFollower, mustApply } from './charge.ts';

/**
 * Only the session or batch in charge may refuse: after a takeover the first sender's word says nothing about the second's call.
 *
 * A call that was sent again may have been billed the first time. "Come back later" about the second time does not
 * prove otherwise, so the charge stays and the call is left open without anybody in charge: the next intend sends it
 * once more or forfeits it. A final no does prove it, for an idempotent endpoint would have repeated the answer.
 */
export async function refuseCall(
  transaction: LedgerTransaction,
  input: { callId: string; reason: string; final: boolean; batch?: string | undefined },
): Promise<null> {
  const { callId, reason, final } = input;
  const call = await transaction.call(callId);
  if (call.state !== 'intent' || call.session !== transaction.holder(input.batch)) return null;
  if (call.sends > 1 && !final) {
    await transaction.moveCall(call, { session: '', reason });
    await transaction.log(call.run, 'let-go', callId);
    return null;
  }
  if (!(await transaction.moveCall(call, { state: 'refused', session: '', reason }))) return null;
  for (const row of await transaction.statements.chargesOfCall(transaction.database, { call_id: callId })) {
    if (row.state !== 'open') continue;
    if (row.role === 'cached') {
      await endFollower(transaction, row, reason);
      continue;
    }
    const replan = !final && row.from_plan === 1;
    const back = { tokens: row.tokens, microUsd: row.micro_usd };
    await mustApply(transaction, row.run, { type: 'refuse', replan, back }, 'refuse', callId);
    const refused = {
      state: 'refused',
      reason,
      final: final ? 1 : row.final,
      charged: 0,
      tokens: 0,
      micro_usd: 0,
    } as const;
    await transaction.updateCharge(row, refused);
  }
  return null;
}
