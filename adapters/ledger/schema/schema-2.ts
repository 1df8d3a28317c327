/** Version 2: tokens and money beside calls, spendings on students, and closed stages. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { createTable } from './create-table.ts';
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

/** Amounts exceed 32 bits. */
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

/** Charges of version 1 get the tokens of their answers; money was not counted and stays 0. */
async function countTokens(database: Kysely<Schema>): Promise<void> {
  await sql`update charges set
    tokens = (select coalesce(input_tokens, 0) + coalesce(output_tokens, 0) from calls where calls.call_id = charges.call_id)
    where role = 'payer' and state in ('settled', 'recovered') and charged = 1`.execute(database);
  await sql`update charges set worst_tokens = tokens`.execute(database);
  await sql`update runs set
    tokens = (select coalesce(sum(charges.tokens), 0) from charges where charges.run = runs.name)`.execute(database);
}

async function createSpendings(database: Kysely<Schema>): Promise<void> {
  await createTable(
    database,
    'spendings',
    `id text key, run text, kind text, key text null, state text, session text, spent_at bigint,
      reason text null, micro_usd bigint, worst_micro_usd bigint, input_tokens bigint null,
      output_tokens bigint null`,
  ).execute();
  await database.schema.createIndex('spendings_run').on('spendings').columns(['run', 'key']).execute();
}

async function createStages(database: Kysely<Schema>): Promise<void> {
  await createTable(
    database,
    'stages',
    `run text, stage integer, closed_at bigint, duplicated integer, request text, closed text`,
  )
    .addPrimaryKeyConstraint('stages_run', ['run', 'stage'])
    .execute();
}
