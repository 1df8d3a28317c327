/**
 * Group commit: every operation that arrived while the last transaction ran goes into the next one, and is answered
 * after its commit. A commit costs one fsync whether it holds 1 operation or 64. An operation that fails takes nothing of
 * its neighbours with it: the group is taken back and done again, each operation in a savepoint of its own. That is rare,
 * and savepoints all the time would cost a tenth of the work. When the transaction itself fails, all of them failed.
 */
import { CompiledQuery } from 'kysely';
import { perform } from '../operations/perform.ts';
import type { Reply, Request, ThrownData } from './protocol.ts';
import type { SqliteLedger } from '../sqlite-dialect.ts';
import { transact } from '../transact.ts';
import { LedgerTransaction } from '../transaction.ts';
import type { Surroundings } from '../transaction.ts';

const largestGroup = 512;
const savepoint = CompiledQuery.raw('savepoint operation');
const release = CompiledQuery.raw('release savepoint operation');
const undo = CompiledQuery.raw('rollback to savepoint operation');

type Perform = (transaction: LedgerTransaction, request: Request) => Promise<Reply>;

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
    let failed = false;
    const together: Perform = async (transaction, request) => {
      try {
        return { id: request.id, value: await perform(transaction, request) };
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    try {
      return await this.#transact(group, together);
    } catch (error) {
      return failed ? await this.#oneByOne(group) : this.#allFailed(group, error);
    }
  }

  async #oneByOne(group: readonly Request[]): Promise<readonly Reply[]> {
    try {
      return await this.#transact(group, (transaction, request) => this.#one(transaction, request));
    } catch (error) {
      return this.#allFailed(group, error);
    }
  }

  #allFailed(group: readonly Request[], error: unknown): readonly Reply[] {
    return group.map(({ id }) => ({ id, error: this.#thrown(error) }));
  }

  async #transact(group: readonly Request[], work: Perform): Promise<readonly Reply[]> {
    return await transact(this.#ledger, async (connection) => {
      const transaction = await LedgerTransaction.begin(connection, this.#surroundings);
      const replies: Reply[] = [];
      for (const request of group) replies.push(await work(transaction, request));
      await transaction.flush();
      return replies;
    });
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
