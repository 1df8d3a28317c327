/**
 * One group of operations inside one database transaction. Budgets and the event counter are read once, under the
 * write lock, changed by `reduceBudget` alone, and written back before the commit.
 */
import type { Kysely } from 'kysely';
import { BaldistillError } from '../../domain/failures.ts';
import { reduceBudget } from '../../domain/budget/budget.ts';
import type { BudgetEvent, BudgetRefusal, BudgetState } from '../../domain/budget/budget.ts';
import type { Cost } from '../../domain/budget/cost.ts';
import { budgetOf, budgetColumns, limitColumns } from './budget-row.ts';
import { batchSession, isBatchAlive, isBatchSession } from './batch-sessions.ts';
import type { Schema } from './schema/schema.ts';
import { noCost } from '../../domain/budget/cost.ts';
import { isAlive } from './sessions.ts';
import type { CallRow, ChargeRow, Statements } from './statements.ts';

export interface Surroundings {
  readonly statements: Statements;
  /** The session of this opened ledger. */
  readonly session: string;
  readonly path: string;
}

export type Applied =
  | { readonly state: BudgetState }
  | { readonly refusal: BudgetRefusal; readonly state: BudgetState };

export class LedgerTransaction {
  /** The one connection of this transaction. */
  readonly database: Kysely<Schema>;
  readonly statements: Statements;
  readonly session: string;
  readonly path: string;
  readonly ledgerId: string;
  /** Milliseconds since the epoch, the same for the whole group. */
  readonly now: number;
  #counter: number;
  #storedCounter: number;
  #budgets = new Map<string, BudgetState>();
  #changed = new Set<string>();
  #excess = new Map<string, Cost>();

  private constructor(database: Kysely<Schema>, surroundings: Surroundings, ledger: { id: string; counter: number }) {
    this.database = database;
    this.statements = surroundings.statements;
    this.session = surroundings.session;
    this.path = surroundings.path;
    this.now = Date.now();
    this.ledgerId = ledger.id;
    this.#counter = ledger.counter;
    this.#storedCounter = ledger.counter;
  }

  static async begin(database: Kysely<Schema>, surroundings: Surroundings): Promise<LedgerTransaction> {
    const [ledger] = await surroundings.statements.ledgerRow(database, {});
    if (ledger === undefined) {
      throw new BaldistillError('LedgerUnavailable', `The ledger ${surroundings.path} has lost its identity row.`);
    }
    return new LedgerTransaction(database, surroundings, ledger);
  }

  get counter(): number {
    return this.#counter;
  }

  /** Throws `LedgerMismatch` for a run this ledger never saw. */
  async budget(run: string): Promise<BudgetState> {
    const known = this.#budgets.get(run);
    if (known !== undefined) return known;
    const [row] = await this.statements.runRow(this.database, { name: run });
    if (row === undefined) {
      throw new BaldistillError('LedgerMismatch', `The ledger ${this.path} does not know a run named ${run}.`);
    }
    const state = budgetOf(row);
    this.#budgets.set(run, state);
    this.#excess.set(run, { tokens: row.excess_tokens, microUsd: row.excess_micro_usd });
    return state;
  }

  /** By how much an answer of the run was dearer than its worst case, at most. */
  async excess(run: string): Promise<Cost> {
    await this.budget(run);
    return this.#excess.get(run) ?? noCost;
  }

  async raiseExcess(run: string, { tokens, microUsd }: Cost): Promise<void> {
    const before = await this.excess(run);
    const raised = { tokens: Math.max(before.tokens, tokens), microUsd: Math.max(before.microUsd, microUsd) };
    this.#excess.set(run, raised);
    await this.database
      .updateTable('runs')
      .set({ excess_tokens: raised.tokens, excess_micro_usd: raised.microUsd })
      .where('name', '=', run)
      .execute();
  }

  /** Applies one event to a run's budget and logs it; a refused one changes nothing. */
  async apply(run: string, event: BudgetEvent, transition: string, callId: string | null): Promise<Applied> {
    const before = await this.budget(run);
    const decision = reduceBudget(before, event);
    if (!decision.accepted) return { refusal: decision.refusal, state: before };
    this.#budgets.set(run, decision.state);
    this.#changed.add(run);
    await this.log(run, transition, callId);
    return { state: decision.state };
  }

  /** Appends to the event log what happened, with the budget as it is now. */
  async log(run: string, transition: string, callId: string | null): Promise<void> {
    const state = await this.budget(run);
    this.#counter += 1;
    await this.statements.insertEvent(this.database, {
      counter: this.#counter,
      at: this.now,
      run,
      call_id: callId,
      transition,
      ...limitColumns(state),
    });
  }

  /** Who is in charge of a call that this process sends, or that a batch carries. */
  holder(batch: string | undefined): string {
    return batch === undefined ? this.session : batchSession(batch);
  }

  async alive(session: string): Promise<boolean> {
    if (isBatchSession(session)) return isBatchAlive(this.database, session, this.now);
    return session === this.session || isAlive(this.database, this.statements, session, this.now);
  }

  /** Throws `LedgerMismatch` for a call this ledger never saw: it is older than the call. */
  async call(callId: string): Promise<CallRow> {
    const [call] = await this.statements.call(this.database, { call_id: callId });
    if (call === undefined) {
      throw new BaldistillError('LedgerMismatch', `The ledger ${this.path} does not know the call ${callId}.`);
    }
    return call;
  }

  /** Compare-and-set; false where the call is no longer in the state it was read in. */
  async moveCall(call: CallRow, to: Partial<CallRow>): Promise<boolean> {
    const moved = await this.statements.moveCall(this.database, { ...call, ...to, from: call.state });
    return moved.length === 1;
  }

  async updateCharge(row: ChargeRow, to: Partial<ChargeRow>): Promise<void> {
    await this.statements.updateCharge(this.database, { ...row, ...to });
  }

  /** Writes budgets and counter, so that the database says what the operations said. */
  async flush(): Promise<void> {
    for (const run of this.#changed) {
      const state = this.#budgets.get(run);
      if (state !== undefined) await this.statements.updateBudget(this.database, budgetColumns(run, state));
    }
    this.#changed.clear();
    if (this.#counter === this.#storedCounter) return;
    await this.statements.updateCounter(this.database, { counter: this.#counter });
    this.#storedCounter = this.#counter;
  }

  /** Remembers this moment; the function given back returns to it, together with a savepoint of the database. */
  checkpoint(): () => void {
    const [counter, stored] = [this.#counter, this.#storedCounter];
    const [budgets, changed, excess] = [new Map(this.#budgets), new Set(this.#changed), new Map(this.#excess)];
    return () => {
      this.#counter = counter;
      this.#storedCounter = stored;
      this.#budgets = budgets;
      this.#changed = changed;
      this.#excess = excess;
    };
  }
}
