/**
 * The ledger's tables, as Kysely sees them, and their migrations. Everything here is SQL that SQLite and Postgres both
 * speak; times are milliseconds since the epoch, truth values 0 or 1.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { addCurrencies } from './schema-2.ts';
import { addBatches } from './schema-3.ts';
import type { BatchesTable, BatchLinesTable } from './schema-3.ts';

export type CallRowState = 'intent' | 'settled' | 'refused' | 'forfeited' | 'recovered';

/** `open` until its call ends; `exhausted` when the budget forbade it; `released` when the call it followed gave nothing. */
export type ChargeState = CallRowState | 'open' | 'exhausted' | 'released';

export interface LedgerTable {
  id: string;
  counter: number;
  version: number;
}

/** A run with its budget: the counts are `BudgetState` of domain/budget/budget.ts. */
export interface RunsTable {
  name: string;
  spec: string;
  status: string;
  result: string | null;
  opened_at: number;
  slots: number;
  call_limit: number;
  charged: number;
  open: number;
  settled: number;
  forfeited: number;
  recovered: number;
  cached: number;
  refused: number;
  planned: number;
  streak: number;
  max_forfeits: number;
  tokens: number;
  token_limit: number | null;
  micro_usd: number;
  micro_usd_limit: number | null;
  /** By how much an answer was dearer than its worst case, at most: added to the worst case of later calls. */
  excess_tokens: number;
  excess_micro_usd: number;
}

/** One teacher call. `run` is its payer; `session` who is in charge while it is an intent, a process or a batch, '' when given up. */
export interface CallsTable {
  call_id: string;
  content_key: string;
  reissue: number;
  state: CallRowState;
  run: string;
  session: string;
  intended_at: number;
  /** How often it was sent without knowing what became of the last time. */
  sends: number;
  reason: string | null;
  answer_text: string | null;
  finish_reason: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  latency_ms: number | null;
  unusable: string | null;
  cached_input_tokens: number | null;
  /** What the answer cost; null where the model has no known price. */
  micro_usd: number | null;
}

/** What a slot was charged, in order: a new `attempt` follows only a charge that stays (a forfeited call). */
export interface ChargesTable {
  run: string;
  stage: number;
  round: number;
  slot: number;
  attempt: number;
  call_id: string | null;
  domain: string;
  kind: string;
  role: 'payer' | 'cached';
  state: ChargeState;
  reason: string | null;
  /** The slot was refused for good once: its place in the plan is used up, should it be asked again after all. */
  final: number;
  /** The call came out of the plan, and returns to it when refused. */
  from_plan: number;
  charged: number;
  /** Charged now: the worst case while nobody knows better, then the actual amount. */
  tokens: number;
  micro_usd: number;
  /** What was charged before the call was sent. */
  worst_tokens: number;
  worst_micro_usd: number;
}

export interface SessionsTable {
  id: string;
  host: string;
  pid: number;
  started: string;
  last_seen: number;
}

export interface OnceTable {
  key: string;
  session: string;
  claimed_at: number;
  value: string | null;
}

export interface EventsTable {
  counter: number;
  at: number;
  run: string;
  call_id: string | null;
  transition: string;
  charged: number;
  call_limit: number;
  tokens: number;
  token_limit: number | null;
  micro_usd: number;
  micro_usd_limit: number | null;
}

/** Money spent on something that is no teacher call. */
export interface SpendingsTable {
  id: string;
  run: string;
  kind: string;
  key: string | null;
  state: 'open' | 'settled' | 'refused' | 'forfeited';
  session: string;
  spent_at: number;
  reason: string | null;
  micro_usd: number;
  worst_micro_usd: number;
  input_tokens: number | null;
  output_tokens: number | null;
}

/** A stage that was closed: what it was decided from and what came out, as JSON of references. */
export interface StagesTable {
  run: string;
  stage: number;
  closed_at: number;
  duplicated: number;
  request: string;
  closed: string;
}

export interface Schema {
  ledger: LedgerTable;
  runs: RunsTable;
  calls: CallsTable;
  charges: ChargesTable;
  sessions: SessionsTable;
  once: OnceTable;
  events: EventsTable;
  spendings: SpendingsTable;
  stages: StagesTable;
  batches: BatchesTable;
  batch_lines: BatchLinesTable;
}

/** Step n brings a ledger from version n to n + 1. Never edit a step that was released: add one. */
export const migrations: readonly ((database: Kysely<Schema>) => Promise<void>)[] = [
  createTables,
  addCurrencies,
  addBatches,
];

async function createTables(database: Kysely<Schema>): Promise<void> {
  const { schema } = database;
  const runs = schema
    .createTable('runs')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('result', 'text')
    .addColumn('opened_at', 'bigint', (column) => column.notNull());
  const counts = ['slots', 'call_limit', 'charged', 'open', 'settled', 'forfeited', 'recovered', 'cached'];
  await [...counts, 'refused', 'planned', 'streak', 'max_forfeits']
    .reduce((table, name) => table.addColumn(name, 'integer', (column) => column.notNull()), runs)
    .execute();
  await schema
    .createTable('calls')
    .addColumn('call_id', 'text', (column) => column.primaryKey())
    .addColumn('content_key', 'text', (column) => column.notNull())
    .addColumn('reissue', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('intended_at', 'bigint', (column) => column.notNull())
    .addColumn('sends', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('answer_text', 'text')
    .addColumn('finish_reason', 'text')
    .addColumn('input_tokens', 'integer')
    .addColumn('output_tokens', 'integer')
    .addColumn('latency_ms', 'double precision')
    .addColumn('unusable', 'text')
    .addUniqueConstraint('calls_content', ['content_key', 'reissue'])
    .execute();
  await schema
    .createIndex('calls_open')
    .on('calls')
    .column('run')
    .where(sql<boolean>`state = 'intent'`)
    .execute();
  await schema
    .createTable('charges')
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('stage', 'integer', (column) => column.notNull())
    .addColumn('round', 'integer', (column) => column.notNull())
    .addColumn('slot', 'integer', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('call_id', 'text')
    .addColumn('domain', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('final', 'integer', (column) => column.notNull())
    .addColumn('from_plan', 'integer', (column) => column.notNull())
    .addColumn('charged', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('charges_slot', ['run', 'stage', 'round', 'slot', 'attempt'])
    .execute();
  await schema.createIndex('charges_call').on('charges').column('call_id').execute();
  await schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('started', 'text', (column) => column.notNull())
    .addColumn('last_seen', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('once')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('claimed_at', 'bigint', (column) => column.notNull())
    .addColumn('value', 'text')
    .execute();
  await schema
    .createTable('events')
    .addColumn('counter', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('run', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text')
    .addColumn('transition', 'text', (column) => column.notNull())
    .addColumn('charged', 'integer', (column) => column.notNull())
    .addColumn('call_limit', 'integer', (column) => column.notNull())
    .execute();
}
