/** Creations that must happen once (a fine-tuning job): an exclusive row guards them across processes. */
import type { ClaimOutcome } from '../thread/protocol.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** A living claimant that recorded nothing for so long has failed and forgot to say so. */
const leaseMs = 600_000;

/**
 * `create` for the first claimant, again for the same session (whose callers wait for each other, claims.ts), and for
 * the next one when the claimant died or let go; `held` while another living session is at it; `created` with the value ever after.
 * Whoever creates looks the object up at the endpoint first: a claimant may have died after creating it.
 */
export async function claimOnce(transaction: LedgerTransaction, { key }: { key: string }): Promise<ClaimOutcome> {
  const { database, session, now } = transaction;
  const row = await database.selectFrom('once').selectAll().where('key', '=', key).executeTakeFirst();
  if (row === undefined) {
    await database.insertInto('once').values({ key, session, claimed_at: now, value: null }).execute();
    return { kind: 'create' };
  }
  if (row.value !== null) return { kind: 'created', value: row.value };
  const held = row.session !== session && now - row.claimed_at < leaseMs && (await transaction.alive(row.session));
  if (held) return { kind: 'held' };
  await database.updateTable('once').set({ session, claimed_at: now }).where('key', '=', key).execute();
  return { kind: 'create' };
}

/** The first value stays: what others already follow is not exchanged under them. */
export async function recordOnce(
  { database, session, now }: LedgerTransaction,
  { key, value }: { key: string; value: string },
): Promise<null> {
  await database
    .insertInto('once')
    .values({ key, session, claimed_at: now, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }).where('once.value', 'is', null))
    .execute();
  return null;
}

/** Removes the record of this value; without one, a claim of this session that recorded nothing is let go. */
export async function forgetOnce(
  { database, session }: LedgerTransaction,
  { key, value }: { key: string; value: string },
): Promise<null> {
  await database
    .deleteFrom('once')
    .where('key', '=', key)
    .where((row) =>
      value === '' ? row.and([row('value', 'is', null), row('session', '=', session)]) : row('value', '=', value),
    )
    .execute();
  return null;
}
