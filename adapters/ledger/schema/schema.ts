/**
 * The ledger's tables, as types for Kysely, and their migrations. SQLite and Postgres both accept this SQL; times are
 * milliseconds since the epoch, booleans 0 or 1.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { createTable } from './create-table.ts';
import { addCurrencies } from './schema-2.ts';
import { addBatches } from './schema-3.ts';
import type { BatchesTable, BatchLinesTable } from './schema-3.ts';

export type CallRowState = 'intent' | 'settled' | 'refused' | 'forfeited' | 'recovered';

/** `open` until its call ends; `exhausted`: the budget refused it; `released`: the call it followed ended without an answer. */
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
  /** The most by which an answer cost more than its worst case: added to the worst case of later calls. */
  excess_tokens: number;
  excess_micro_usd: number;
}

/** One teacher call. `run` pays it; `session` owns it while it is an intent: a process, a batch, or '' for no owner. */
export interface CallsTable {
  call_id: string;
  content_key: string;
  reissue: number;
  state: CallRowState;
  run: string;
  session: string;
  intended_at: number;
  /** How often it was sent; more than once where the outcome of the request before was unknown. */
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

/** The charges of a slot, in order: a new `attempt` follows only a charge that stays (a forfeited call). */
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
  /** The slot was refused for good once: its place in the plan is used, even if it is reissued. */
  final: number;
  /** The call was planned, and its place returns to the plan when it is refused. */
  from_plan: number;
  charged: number;
  /** Charged now: the worst case first, then the actual amount. */
  tokens: number;
  micro_usd: number;
  /** Reserved before the call was sent. */
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

/** Money spent on something other than a teacher call. */
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

/** A closed stage: the input and output of its decisions, as JSON of references. */
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

/** Step n brings a ledger from version n to n + 1. Never change what a released step does: add a step. */
export const migrations: readonly ((database: Kysely<Schema>) => Promise<void>)[] = [
  createTables,
  addCurrencies,
  addBatches,
];

async function createTables(database: Kysely<Schema>): Promise<void> {
  const { schema } = database;
  await createTable(
    database,
    'runs',
    `name text key, spec text, status text, result text null, opened_at bigint, slots integer,
      call_limit integer, charged integer, open integer, settled integer, forfeited integer,
      recovered integer, cached integer, refused integer, planned integer, streak integer,
      max_forfeits integer`,
  ).execute();
  await createTable(
    database,
    'calls',
    `call_id text key, content_key text, reissue integer, state text, run text, session text,
      intended_at bigint, sends integer, reason text null, answer_text text null, finish_reason text null,
      input_tokens integer null, output_tokens integer null, latency_ms double precision null,
      unusable text null`,
  )
    .addUniqueConstraint('calls_content', ['content_key', 'reissue'])
    .execute();
  await schema
    .createIndex('calls_open')
    .on('calls')
    .column('run')
    .where(sql<boolean>`state = 'intent'`)
    .execute();
  await createTable(
    database,
    'charges',
    `run text, stage integer, round integer, slot integer, attempt integer, call_id text null, domain text,
      kind text, role text, state text, reason text null, final integer, from_plan integer, charged integer`,
  )
    .addPrimaryKeyConstraint('charges_slot', ['run', 'stage', 'round', 'slot', 'attempt'])
    .execute();
  await schema.createIndex('charges_call').on('charges').column('call_id').execute();
  await createTable(
    database,
    'sessions',
    `id text key, host text, pid integer, started text, last_seen bigint`,
  ).execute();
  await createTable(database, 'once', `key text key, session text, claimed_at bigint, value text null`).execute();
  await createTable(
    database,
    'events',
    `counter bigint key, at bigint, run text, call_id text null, transition text, charged integer,
      call_limit integer`,
  ).execute();
}
