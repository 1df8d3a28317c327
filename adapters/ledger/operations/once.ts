/** Creations that must happen once (a fine-tuning job): one row guards each across processes. */
import type { OnceRecord } from '../../../activities/ports/ledger.ts';
import { isAlive } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import type { OnceTable } from '../schema/schema.ts';
import { columnsOf, statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';

/** A living claimant that recorded nothing for this long has failed without releasing its claim. */
const leaseMs = 600_000;

const rowOfKey = statement((database, p: Parameter<{ key: string }>) =>
  database.selectFrom('once').selectAll().where('key', '=', p('key')),
);

const storeClaim = statement((database, p: Parameter<Omit<OnceTable, 'value'>>) =>
  database
    .insertInto('once')
    .values({ ...columnsOf(p, ['key', 'session', 'claimed_at']), value: null })
    .onConflict((row) => row.column('key').doUpdateSet(columnsOf(p, ['session', 'claimed_at']))),
);

const storeValue = statement((database, p: Parameter<OnceTable>) =>
  database
    .insertInto('once')
    .values(columnsOf(p, ['key', 'session', 'claimed_at', 'value']))
    .onConflict((row) =>
      row
        .column('key')
        .doUpdateSet({ value: p('value') })
        .where('once.value', 'is', null),
    ),
);

const deleteValue = statement((database, p: Parameter<OnceRecord>) =>
  database.deleteFrom('once').where((row) => row.and(columnsOf(p, ['key', 'value']))),
);

const deleteClaim = statement((database, p: Parameter<{ key: string; session: string }>) =>
  database
    .deleteFrom('once')
    .where((row) => row.and(columnsOf(p, ['key', 'session'])))
    .where('value', 'is', null),
);

/**
 * `create` for the first claimant, for the same session again (its callers wait for each other, claims.ts), and for the
 * next one after the claimant died or released its claim; `held` while another living session has it; `created` with the
 * value from then on. A claimant may have died after creating the object: the next one checks the endpoint first.
 */
export const claimOnce: Operation<'claimOnce'> = async (transaction, { key }) => {
  const { session, now } = transaction;
  const [row] = await transaction.run(rowOfKey, { key });
  if (row !== undefined && row.value !== null) return { kind: 'created', value: row.value };
  const held =
    row !== undefined &&
    row.session !== session &&
    now - row.claimed_at < leaseMs &&
    (await isAlive(transaction, row.session));
  if (held) return { kind: 'held' };
  await transaction.run(storeClaim, { key, session, claimed_at: now });
  return { kind: 'create' };
};

/** The first value stays: other callers already use it. */
export const recordOnce: Operation<'recordOnce'> = async (transaction, { key, value }) => {
  await transaction.run(storeValue, { key, value, session: transaction.session, claimed_at: transaction.now });
};

/** Deletes the record with this value; an empty value releases a claim of this session that recorded nothing. */
export const forgetOnce: Operation<'forgetOnce'> = async (transaction, { key, value }) => {
  if (value === '') await transaction.run(deleteClaim, { key, session: transaction.session });
  else await transaction.run(deleteValue, { key, value });
};
