/** Which ledger this is, and which sessions use it. */
import { hash } from 'node:crypto';
import type { LedgerIdentity } from '../../../activities/ports/ledger.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import type { EventsTable } from '../schema/schema.ts';
import type { LedgerTransaction } from '../transaction.ts';

export async function identity(transaction: LedgerTransaction): Promise<LedgerIdentity> {
  const { ledgerId: id, counter } = transaction;
  return { id, counter, mark: await markAt(transaction, counter) };
}

/** Tells one event from another at the same counter: a restored copy that went on counts the same, and marks otherwise. */
async function markAt({ database }: LedgerTransaction, counter: number): Promise<string> {
  const event = await database.selectFrom('events').selectAll().where('counter', '=', counter).executeTakeFirst();
  return event === undefined ? '' : markOf(event);
}

function markOf({ at, run, transition, call_id: callId }: EventsTable): string {
  return hash('sha256', JSON.stringify([at, run, transition, callId])).slice(0, 16);
}

/**
 * Another id is another ledger; a lower counter is an older copy of this one, which has forgotten charges; another
 * mark is such a copy that went on by itself.
 */
export async function verify(transaction: LedgerTransaction, pinned: LedgerIdentity): Promise<LedgerIdentity> {
  const { ledgerId: id, counter, path } = transaction;
  if (id !== pinned.id) {
    throw new BaldistillError(
      'LedgerMismatch',
      `The ledger ${path} has the id ${id}, but this run was charged to the ledger ${pinned.id}.`,
    );
  }
  if (counter < pinned.counter) {
    throw new BaldistillError(
      'LedgerMismatch',
      `The ledger ${path} is an older copy: it has seen ${counter} events, this run has seen ${pinned.counter}.`,
    );
  }
  if (pinned.mark && (await markAt(transaction, pinned.counter)) !== pinned.mark) {
    throw new BaldistillError(
      'LedgerMismatch',
      `The ledger ${path} is an older copy that went on by itself: its event ${pinned.counter} is not the one this run has seen.`,
    );
  }
  return identity(transaction);
}

export async function keepAlive({ database, session, now }: LedgerTransaction): Promise<null> {
  await database.updateTable('sessions').set({ last_seen: now }).where('id', '=', session).execute();
  return null;
}

export async function endSession({ database, session }: LedgerTransaction): Promise<null> {
  await database.deleteFrom('sessions').where('id', '=', session).execute();
  return null;
}
