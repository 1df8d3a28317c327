/**
 * Group commit: every operation that arrived while the last transaction ran goes into the next one, and is answered
 * after its commit. A commit costs one fsync whether it holds 1 operation or 64. Each operation has its savepoint, so
 * one that fails takes nothing of its neighbours with it; when the transaction itself fails, all of them failed.
 */
import { CompiledQuery } from 'kysely';
import { perform } from './operations/perform.ts';
import type { Reply, Request, ThrownData } from './protocol.ts';
import type { SqliteLedger } from './sqlite-dialect.ts';
import { transact } from './transact.ts';
import { LedgerTransaction } from './transaction.ts';
import type { Surroundings } from './transaction.ts';

const largestGroup = 512;
const savepoint = CompiledQuery.raw('savepoint operation');
const release = CompiledQuery.raw('release savepoint operation');
const undo = CompiledQuery.raw('rollback to savepoint operation');

export class GroupCommit {
  readonly #ledger: SqliteLedger;
  readonly #surroundings: Surroundings;
  readonly #answer: (replies: readonly Reply[]) => void;
  readonly #thrown: (error: unknown) => ThrownData;
  #queue: Request[] = [];
  #running = false;

  constructor(
    ledger: SqliteLedger,
    surroundings: Surroundings,
    hooks: { answer: (replies: readonly Reply[]) => void; thrown: (error: unknown) => ThrownData },
  ) {
    this.#ledger = ledger;
    this.#surroundings = surroundings;
    this.#answer = hooks.answer;
    this.#thrown = hooks.thrown;
  }

  add(requests: readonly Request[]): void {
    this.#queue.push(...requests);
    this.#schedule();
  }

  /** The next group starts after the event loop had its turn, so that it takes all that waits at the door. */
  #schedule(): void {
    if (this.#running || this.#queue.length === 0) return;
    this.#running = true;
    setImmediate(() => {
      const group = this.#queue.splice(0, largestGroup);
      void this.#commit(group).then((replies) => {
        this.#running = false;
        this.#answer(replies);
        this.#schedule();
      });
    });
  }

  /** Never rejects: what goes wrong is somebody's reply. */
  async #commit(group: readonly Request[]): Promise<readonly Reply[]> {
    try {
      return await transact(this.#ledger, async (connection) => {
        const transaction = await LedgerTransaction.begin(connection, this.#surroundings);
        const replies: Reply[] = [];
        for (const request of group) replies.push(await this.#one(transaction, request));
        await transaction.flush();
        return replies;
      });
    } catch (error) {
      return group.map(({ id }) => ({ id, error: this.#thrown(error) }));
    }
  }

  async #one(transaction: LedgerTransaction, request: Request): Promise<Reply> {
    const restore = transaction.checkpoint();
    await transaction.database.executeQuery(savepoint);
    try {
      const value = await perform(transaction, request);
      await transaction.database.executeQuery(release);
      return { id: request.id, value };
    } catch (error) {
      if (!this.#ledger.inTransaction()) throw error;
      await transaction.database.executeQuery(undo);
      await transaction.database.executeQuery(release);
      restore();
      return { id: request.id, error: this.#thrown(error) };
    }
  }
}
