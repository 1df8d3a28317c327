/** Ends of calls without an answer, the state of a call, and which answers could not be used. */
import type { CallKey } from '../../../activities/ports/ledger.ts';
import { endUnanswered, findCall, forfeitCall, isAlive, isRemembered, moveCall, ownerOf } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';

const mark = statement((database, p: Parameter<CallKey & { reason: string | null }>) =>
  database
    .updateTable('calls')
    .set({ unusable: p('reason') })
    .where('call_id', '=', p('callId')),
);

/**
 * Only the owner may refuse: after a takeover the first sender knows nothing about the second request.
 *
 * A call that was resent may have been billed the first time. A temporary refusal of the second request does not prove
 * otherwise, so the charge stays and the call stays open without an owner: the next `intend` resends or forfeits it. A
 * final refusal does prove it, because an idempotent endpoint would have repeated the answer.
 */
export const refuse: Operation<'refuse'> = async (transaction, { callId, reason, final, batch }) => {
  const call = await findCall(transaction, callId);
  if (call.state !== 'intent' || call.session !== ownerOf(transaction, batch)) return;
  if (call.sends > 1 && !final) {
    await moveCall(transaction, call, { session: '', reason });
    (await transaction.account(call.run)).log('let-go', callId);
    return;
  }
  await endUnanswered(transaction, call, { state: 'refused', reason }, (row) => {
    const back = { tokens: row.tokens, microUsd: row.micro_usd };
    return {
      event: { type: 'refuse', replan: !final && row.from_plan === 1, back },
      change: { final: final ? 1 : row.final, charged: 0, tokens: 0, micro_usd: 0 },
    };
  });
};

/**
 * Only the owner reports what it saw; a call found open (`seen: false`) may belong to any dead owner. A report about a call
 * that ended or changed its owner changes nothing.
 */
export const forfeit: Operation<'forfeit'> = async (transaction, { callId, reason, seen, idempotencyTtl, batch }) => {
  const call = await findCall(transaction, callId);
  if (call.state !== 'intent') return;
  const own = call.session === ownerOf(transaction, batch);
  if (!own && (seen || (await isAlive(transaction, call.session)))) return;
  if (own && seen && isRemembered(transaction, call, idempotencyTtl)) {
    // Without an owner: the next `intend` resends it under the same key.
    await moveCall(transaction, call, { session: '', reason });
    (await transaction.account(call.run)).mustApply({ type: 'doubt' }, 'let-go', callId);
    return;
  }
  await forfeitCall(transaction, call, { reason, seen });
};

/** An open call of a dead owner is `abandoned`: it will not end by itself, so whoever waits has to intend again. */
export const callState: Operation<'callState'> = async (transaction, { callId }) => {
  const call = await findCall(transaction, callId);
  if (call.state !== 'intent') return call.state;
  return (await isAlive(transaction, call.session)) ? 'intent' : 'abandoned';
};

export const markUnusable: Operation<'markUnusable'> = async (transaction, { marks }) => {
  for (const { callId, reason } of marks) await transaction.run(mark, { callId, reason });
};

export const markUsable: Operation<'markUsable'> = async (transaction, { callIds }) => {
  for (const callId of callIds) await transaction.run(mark, { callId, reason: null });
};
