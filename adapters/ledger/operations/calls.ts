/** How a call stands, and which answers could not be used. */
import type { CallState } from '../../../activities/ports/ledger.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** An open call whose payer is gone is `abandoned`: nobody will end it, so whoever waits has to intend again. */
export async function callState(transaction: LedgerTransaction, input: { callId: string }): Promise<CallState> {
  const call = await transaction.call(input.callId);
  if (call.state !== 'intent') return call.state;
  return (await transaction.alive(call.session)) ? 'intent' : 'abandoned';
}

export async function markUnusable(
  { database }: LedgerTransaction,
  marks: readonly { readonly callId: string; readonly reason: string }[],
): Promise<null> {
  for (const { callId, reason } of marks) {
    await database.updateTable('calls').set({ unusable: reason }).where('call_id', '=', callId).execute();
  }
  return null;
}

export async function markUsable({ database }: LedgerTransaction, callIds: readonly string[]): Promise<null> {
  for (const callId of callIds) {
    await database.updateTable('calls').set({ unusable: null }).where('call_id', '=', callId).execute();
  }
  return null;
}
