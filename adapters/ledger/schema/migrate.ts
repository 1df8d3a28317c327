/** Migrates a ledger to this version's tables, or creates them. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { BaldistillError } from '../../../domain/failures.ts';
import { migrations } from './schema.ts';
import type { Schema } from './schema.ts';

/** Throws `LedgerUnavailable` for a ledger that a newer version wrote. */
export async function migrate(connection: Kysely<Schema>, path: string): Promise<void> {
  await connection.schema
    .createTable('ledger')
    .ifNotExists()
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('counter', 'bigint', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .execute();
  const row = await connection.selectFrom('ledger').selectAll().executeTakeFirst();
  const version = row?.version ?? 0;
  if (version > migrations.length) {
    throw new BaldistillError(
      'LedgerUnavailable',
      `The ledger ${path} has schema version ${version}; this version of baldistill knows ${migrations.length}.`,
    );
  }
  if (row === undefined) {
    await connection.insertInto('ledger').values({ id: randomUUID(), counter: 0, version: 0 }).execute();
  }
  for (const step of migrations.slice(version)) await step(connection);
  if (version < migrations.length) {
    await connection.updateTable('ledger').set({ version: migrations.length }).execute();
  }
}
