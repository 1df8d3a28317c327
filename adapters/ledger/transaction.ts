/**
 * One group of operations inside one database transaction. Budgets and the event counter are read once, under the write
 * lock, and changed in memory; `flush` writes them and the new events before the commit.
 */
import { sql } from 'kysely';
import type { CompiledQuery, Kysely, RawBuilder } from 'kysely';
import type { RunBudget, RunKey } from '../../activities/ports/ledger.ts';
import { reduceBudget } from '../../domain/budget/budget.ts';
import type { BudgetEvent, BudgetRefusal, BudgetState } from '../../domain/budget/budget.ts';
import type { Cost } from '../../domain/budget/cost.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Schema } from './schema/schema.ts';

/** A connection inside a transaction. sqlite.ts implements it; integers and sums arrive as numbers. */
export interface Connection {
  /** For queries whose text depends on their input. */
  readonly database: Kysely<Schema>;
  rows<R>(query: CompiledQuery<R>, parameters: readonly unknown[]): readonly R[] | Promise<readonly R[]>;
  /** False when the database ended the transaction by itself (a full disk does that in SQLite). */
  inTransaction(): boolean;
}

/** What the operations of one opened ledger share. */
export interface LedgerContext {
  readonly path: string;
  /** The session of this opened ledger: it owns the calls that this process sends. */
  readonly session: string;
  readonly compiled: Map<object, CompiledQuery>;
}

class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type Parameter<P> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]>;

/** A query with named parameters, compiled the first time it runs. */
export type Statement<P, R> = (
  database: Kysely<Schema>,
  parameter: Parameter<P>,
) => { compile(database: Kysely<Schema>): CompiledQuery<R> };

export function statement<P, R>(build: Statement<P, R>): Statement<P, R> {
  return build;
}

/** The parameters of columns that have the same names, for `values` and `set`. */
export function columnsOf<P, K extends keyof P & string>(
  parameter: Parameter<P>,
  columns: readonly K[],
): { [C in K]: RawBuilder<P[C]> };
export function columnsOf(parameter: (name: string) => unknown, columns: readonly string[]): object {
  return Object.fromEntries(columns.map((column) => [column, parameter(column)]));
}

const counts = [
  'charged',
  'open',
  'settled',
  'forfeited',
  'recovered',
  'cached',
  'refused',
  'planned',
  'streak',
] as const;

const budgetOfRun = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('runs')
    .select(counts)
    .select(['slots', 'call_limit as limit', 'max_forfeits as maxForfeits', 'tokens', 'token_limit as tokenLimit'])
    .select(['micro_usd as microUsd', 'micro_usd_limit as microUsdLimit'])
    .select(['excess_tokens as excessTokens', 'excess_micro_usd as excessMicroUsd'])
    .where('name', '=', p('run')),
);

interface StoredAccount extends RunKey, BudgetState {
  readonly excessTokens: number;
  readonly excessMicroUsd: number;
}

const updateRun = statement((database, p: Parameter<StoredAccount>) =>
  database
    .updateTable('runs')
    .set({ ...columnsOf(p, counts), call_limit: p('limit'), tokens: p('tokens'), token_limit: p('tokenLimit') })
    .set({ micro_usd: p('microUsd'), micro_usd_limit: p('microUsdLimit') })
    .set({ excess_tokens: p('excessTokens'), excess_micro_usd: p('excessMicroUsd') })
    .where('name', '=', p('run')),
);

interface LedgerEvent extends RunKey, BudgetState {
  readonly counter: number;
  readonly at: number;
  readonly callId: string | null;
  readonly transition: string;
}

const insertEvent = statement((database, p: Parameter<LedgerEvent>) =>
  database.insertInto('events').values({
    ...columnsOf(p, ['counter', 'at', 'run', 'transition', 'charged', 'tokens']),
    call_id: p('callId'),
    call_limit: p('limit'),
    token_limit: p('tokenLimit'),
    micro_usd: p('microUsd'),
    micro_usd_limit: p('microUsdLimit'),
  }),
);

const ledgerRow = statement((database) => database.selectFrom('ledger').select(['id', 'counter']));
const updateCounter = statement((database, p: Parameter<{ counter: number }>) =>
  database.updateTable('ledger').set({ counter: p('counter') }),
);

type Append = (event: Omit<LedgerEvent, 'counter' | 'at'>) => void;

/** The budget of one run within a transaction; only `apply` changes it. */
export class RunAccount {
  readonly run: string;
  state: BudgetState;
  /** The most by which an answer of the run cost more than its worst case. */
  excess: Cost;
  changed = false;
  readonly #append: Append;

  constructor({ run, excessTokens, excessMicroUsd, ...state }: StoredAccount, append: Append) {
    this.run = run;
    this.state = state;
    this.excess = { tokens: excessTokens, microUsd: excessMicroUsd };
    this.#append = append;
  }

  /** Applies one event and logs it. Returns the refusal where the budget refuses it; then nothing changed. */
  apply(event: BudgetEvent, transition: string, callId: string | null): BudgetRefusal | undefined {
    const decision = reduceBudget(this.state, event);
    if (!decision.accepted) return decision.refusal;
    this.state = decision.state;
    this.changed = true;
    this.log(transition, callId);
    return undefined;
  }

  /** Applies an event that no rule refuses: one that ends a call. */
  mustApply(event: BudgetEvent, transition: string, callId: string): void {
    const refusal = this.apply(event, transition, callId);
    if (refusal !== undefined) throw new Error(`ledger: the budget refuses ${event.type}: ${refusal}`);
  }

  /** Appends to the event log, with the current budget. */
  log(transition: string, callId: string | null): void {
    this.#append({ ...this.state, run: this.run, transition, callId });
  }

  raiseExcess({ tokens, microUsd }: Cost): void {
    const { excess } = this;
    this.excess = { tokens: Math.max(excess.tokens, tokens), microUsd: Math.max(excess.microUsd, microUsd) };
    this.changed = true;
  }

  get budget(): RunBudget {
    const { slots, limit, charged, settled, forfeited, tokens, tokenLimit, microUsd, microUsdLimit } = this.state;
    const amounts = {
      tokens: { charged: tokens, limit: tokenLimit },
      microUsd: { charged: microUsd, limit: microUsdLimit },
    };
    return { slots, limit, charged, settled, forfeited, ...amounts };
  }

  get stored(): StoredAccount {
    return { ...this.state, run: this.run, excessTokens: this.excess.tokens, excessMicroUsd: this.excess.microUsd };
  }
}

export class LedgerTransaction {
  readonly session: string;
  readonly path: string;
  readonly ledgerId: string;
  /** Milliseconds since the epoch, the same for the whole group. */
  readonly now = Date.now();
  readonly #connection: Connection;
  readonly #compiled: LedgerContext['compiled'];
  #counter: number;
  #storedCounter: number;
  #events: LedgerEvent[] = [];
  #accounts = new Map<string, RunAccount>();

  private constructor(connection: Connection, context: LedgerContext, ledger: { id: string; counter: number }) {
    this.#connection = connection;
    this.#compiled = context.compiled;
    this.session = context.session;
    this.path = context.path;
    this.ledgerId = ledger.id;
    this.#counter = ledger.counter;
    this.#storedCounter = ledger.counter;
  }

  static async begin(connection: Connection, context: LedgerContext): Promise<LedgerTransaction> {
    const [ledger] = await execute(connection, context.compiled, ledgerRow, {});
    if (ledger !== undefined) return new LedgerTransaction(connection, context, ledger);
    throw new BaldistillError('LedgerUnavailable', `The ledger ${context.path} has no identity row.`);
  }

  /** For queries whose text depends on their input. */
  get database(): Kysely<Schema> {
    return this.#connection.database;
  }

  get counter(): number {
    return this.#counter;
  }

  run<P extends object, R>(query: Statement<P, R>, parameters: P): Promise<readonly R[]> {
    return execute(this.#connection, this.#compiled, query, parameters);
  }

  /** Throws `LedgerMismatch` for a run that this ledger does not have. */
  async account(name: string): Promise<RunAccount> {
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const [row] = await this.run(budgetOfRun, { run: name });
    if (row === undefined)
      throw new BaldistillError('LedgerMismatch', `The ledger ${this.path} does not know a run named ${name}.`);
    const account = new RunAccount({ ...row, run: name }, (event) => {
      this.#counter += 1;
      this.#events.push({ ...event, counter: this.#counter, at: this.now });
    });
    this.#accounts.set(name, account);
    return account;
  }

  /** Writes budgets, events and the counter. Called before the commit, and before a query that reads them. */
  async flush(): Promise<void> {
    for (const account of this.#accounts.values()) {
      if (account.changed) await this.run(updateRun, account.stored);
      account.changed = false;
    }
    for (const event of this.#events) await this.run(insertEvent, event);
    this.#events = [];
    if (this.#counter === this.#storedCounter) return;
    await this.run(updateCounter, { counter: this.#counter });
    this.#storedCounter = this.#counter;
  }

  /**
   * Runs `work` in a savepoint and returns its value, or its error with its changes undone. Throws where the database
   * ended the whole transaction.
   */
  async isolated<T>(work: () => Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
    await this.flush();
    const counter = this.#counter;
    await sql`savepoint operation`.execute(this.database);
    try {
      const value = await work();
      await this.flush();
      await sql`release savepoint operation`.execute(this.database);
      return { value };
    } catch (error) {
      if (!this.#connection.inTransaction()) throw error;
      await sql`rollback to savepoint operation`.execute(this.database);
      await sql`release savepoint operation`.execute(this.database);
      this.#accounts.clear();
      this.#events = [];
      this.#counter = this.#storedCounter = counter;
      return { error };
    }
  }
}

async function execute<P extends object, R>(
  connection: Connection,
  compiled: LedgerContext['compiled'],
  query: Statement<P, R>,
  parameters: P,
): Promise<readonly R[]> {
  let known: CompiledQuery<R> | undefined = compiled.get(query);
  if (known === undefined) {
    const { database } = connection;
    known = query(database, (name) => sql`${new Placeholder(name)}`).compile(database);
    compiled.set(query, known);
  }
  const values = known.parameters.map((value) =>
    value instanceof Placeholder ? Reflect.get(parameters, value.name) : value,
  );
  return await connection.rows(known, values);
}
