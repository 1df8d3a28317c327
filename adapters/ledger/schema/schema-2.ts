/** Version 2: tokens and money beside calls, spendings on students, and the stages as they were closed. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export async function addCurrencies(database: Kysely<Schema>): Promise<void> {
  await addAmounts(database, 'runs', ['tokens', 'micro_usd', 'excess_tokens', 'excess_micro_usd']);
  await addAmounts(database, 'charges', ['tokens', 'micro_usd', 'worst_tokens', 'worst_micro_usd']);
  await addAmounts(database, 'events', ['tokens', 'micro_usd']);
  for (const table of ['runs', 'events'] as const)
    for (const limit of ['token_limit', 'micro_usd_limit'])
      await database.schema.alterTable(table).addColumn(limit, 'bigint').execute();
  for (const column of ['cached_input_tokens', 'micro_usd'])
    await database.schema.alterTable('calls').addColumn(column, 'bigint').execute();
  await createSpendings(database);
  await createStages(database);
  await countTokens(database);
}

/** Amounts outgrow 32 bits. */
async function addAmounts(
  database: Kysely<Schema>,
  table: 'runs' | 'charges' | 'events',
  columns: readonly string[],
): Promise<void> {
  for (const name of columns) {
    await database.schema
      .alterTable(table)
      .addColumn(name, 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
  }
}

/** What was charged in version 1 gets the tokens of its answers; money was never counted, and stays 0. */
async function countTokens(database: Kysely<Schema>): Promise<void> {
  await sql`update charges set
    tokens = (select coalesce(input_tokens, 0) + coalesce(output_tokens, 0) from calls where calls.call_id = charges.call_id)
    where role = 'payer' and state in ('settled', 'recovered') and charged = 1`.execute(database);
  await sql`update charges set worst_tokens = tokens`.execute(database);
  await sql`update runs set
    tokens = (select coalesce(sum(charges.tokens), 0) from charges where charges.run = runs.name)`.execute(database);
}

async function createSpendings({ schema }: Kysely<Schema>): Promise<void> {
  await schema
    .createTable('spendings')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('key', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('spent_at', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('micro_usd', 'bigint', (column) => column.notNull())
    .addColumn('worst_micro_usd', 'bigint', (column) => column.notNull())
    .addColumn('input_tokens', 'bigint')
    .addColumn('output_tokens', 'bigint')
    .execute();
  await schema.createIndex('spendings_run').on('spendings').columns(['run', 'key']).execute();
}

async function createStages({ schema }: Kysely<Schema>): Promise<void> {
  await schema
    .createTable('stages')
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('stage', 'integer', (column) => column.notNull())
    .addColumn('closed_at', 'bigint', (column) => column.notNull())
    .addColumn('duplicated', 'integer', (column) => column.notNull())
    .addColumn('request', 'text', (column) => column.notNull())
    .addColumn('closed', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('stages_run', ['run', 'stage'])
    .execute();
}
