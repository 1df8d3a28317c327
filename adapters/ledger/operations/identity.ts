/** Which ledger this is, and which sessions use it. */
import { hash } from 'node:crypto';
import { BaldistillError } from '../../../domain/failures.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { LedgerTransaction, Parameter } from '../transaction.ts';

const eventAt = statement((database, p: Parameter<{ counter: number }>) =>
  database.selectFrom('events').select(['at', 'run', 'transition', 'call_id']).where('counter', '=', p('counter')),
);

const renewLease = statement((database, p: Parameter<{ session: string; now: number }>) =>
  database
    .updateTable('sessions')
    .set({ last_seen: p('now') })
    .where('id', '=', p('session')),
);

const deleteSession = statement((database, p: Parameter<{ session: string }>) =>
  database.deleteFrom('sessions').where('id', '=', p('session')),
);

export const identity: Operation<'identity'> = async (transaction) => {
  const { ledgerId: id, counter } = transaction;
  return { id, counter, mark: await markAt(transaction, counter) };
};

/** Distinguishes events with the same counter: a restored copy that was used reaches the same counter with another mark. */
async function markAt(transaction: LedgerTransaction, counter: number): Promise<string> {
  await transaction.flush();
  const [event] = await transaction.run(eventAt, { counter });
  if (event === undefined) return '';
  const { at, run, transition, call_id: callId } = event;
  return hash('sha256', JSON.stringify([at, run, transition, callId])).slice(0, 16);
}

/**
 * Another id is another ledger. A lower counter is an older copy of this one, without the later charges. Another mark is
 * an older copy that went on by itself.
 */
export const verify: Operation<'verify'> = async (transaction, pinned) => {
  const { ledgerId: id, counter } = transaction;
  const mismatch = (difference: string): BaldistillError =>
    new BaldistillError('LedgerMismatch', `The ledger ${transaction.path} ${difference}`);
  if (id !== pinned.id) throw mismatch(`has the id ${id}, but this run was charged to the ledger ${pinned.id}.`);
  if (counter < pinned.counter)
    throw mismatch(`is an older copy: it has seen ${counter} events, this run has seen ${pinned.counter}.`);
  if (pinned.mark && (await markAt(transaction, pinned.counter)) !== pinned.mark)
    throw mismatch(
      `is an older copy that went on by itself: its event ${pinned.counter} is not the one this run has seen.`,
    );
  return await identity(transaction, undefined);
};

export const beat: Operation<'beat'> = async (transaction) => {
  await transaction.run(renewLease, transaction);
};

export const endSession: Operation<'endSession'> = async (transaction) => {
  await transaction.run(deleteSession, transaction);
};
