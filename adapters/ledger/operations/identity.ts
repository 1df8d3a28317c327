/** Which ledger this is, and which sessions use it. */
import type { LedgerIdentity } from '../../../activities/ports/ledger.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import type { LedgerTransaction } from '../transaction.ts';

export async function identity(transaction: LedgerTransaction): Promise<LedgerIdentity> {
  return { id: transaction.ledgerId, counter: transaction.counter };
}

/** Another id is another ledger; a lower counter is an older copy of this one, which has forgotten charges. */
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
  return { id, counter };
}

export async function keepAlive({ database, session, now }: LedgerTransaction): Promise<null> {
  await database.updateTable('sessions').set({ last_seen: now }).where('id', '=', session).execute();
  return null;
}

export async function endSession({ database, session }: LedgerTransaction): Promise<null> {
  await database.deleteFrom('sessions').where('id', '=', session).execute();
  return null;
}
