/** A call whose outcome is unknown: its charge stays, and nobody is given it back. */
import type { IntentRequest } from '../../../activities/ports/ledger.ts';
import { isBatchSession } from '../batch-sessions.ts';
import type { CallRow } from '../statements.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { endFollower, mustApply } from './charge.ts';

/**
 * Only the session in charge says what it saw; a call found open (`seen: false`) may be anybody's who is dead.
 * Anything else is a late word about a call that ended or changed hands, and changes nothing.
 */
export async function forfeitCall(
  transaction: LedgerTransaction,
  input: { callId: string; reason: string; seen: boolean; idempotencyTtl: number | null; batch?: string | undefined },
): Promise<null> {
  const call = await transaction.call(input.callId);
  if (call.state !== 'intent') return null;
  const mine = call.session === transaction.holder(input.batch);
  if (!mine && (input.seen || (await transaction.alive(call.session)))) return null;
  if (mine && input.seen && isFresh(transaction, input, call)) {
    // Nobody is in charge of it now: the next intend sends it again under the same key.
    await transaction.moveCall(call, { session: '', reason: input.reason });
    await mustApply(transaction, call.run, { type: 'doubt' }, 'let-go', call.call_id);
    return null;
  }
  await forfeitOpen(transaction, call, input);
  return null;
}

/** Forfeits a call that is known to be open and to have nobody else in charge. */
export async function forfeitOpen(
  transaction: LedgerTransaction,
  call: CallRow,
  { reason, seen }: { reason: string; seen: boolean },
): Promise<void> {
  if (!(await transaction.moveCall(call, { state: 'forfeited', session: '', reason }))) return;
  for (const row of await transaction.statements.chargesOfCall(transaction.database, { call_id: call.call_id })) {
    if (row.state !== 'open') continue;
    if (row.role === 'cached') {
      await endFollower(transaction, row, reason);
      continue;
    }
    await mustApply(transaction, row.run, { type: 'forfeit', seen }, 'forfeit', call.call_id);
    await transaction.updateCharge(row, { state: 'forfeited', reason });
  }
}

/** Whether an idempotent endpoint certainly remembers the call; what a batch carried was sent under no key. */
export function isFresh(
  { now }: LedgerTransaction,
  { idempotencyTtl }: Pick<IntentRequest, 'idempotencyTtl'>,
  call: CallRow,
): boolean {
  return (
    idempotencyTtl !== null && !isBatchSession(call.session) && now - call.intended_at < (idempotencyTtl * 1000) / 2
  );
}
