/**
 * The ledger's own thread: only it opens the file, so a commit blocks no other work of the process. It receives requests,
 * performs them in groups, and replies.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as registry from './operations/index.ts';
import type { FromThread, Operation, OperationName, Output, Reply, Request, ThreadData, ToThread } from './protocol.ts';
import { migrate } from './schema/migrate.ts';
import { repairAmounts } from './schema/repair-amounts.ts';
import { beatMs, sessionOfThisProcess } from './sessions.ts';
import { openSqlite, thrownData } from './sqlite.ts';
import type { SqliteLedger } from './sqlite.ts';
import { LedgerTransaction } from './transaction.ts';
import type { LedgerContext } from './transaction.ts';

const operations: { readonly [K in OperationName]: Operation<K> } = { ...registry };

function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

function perform<K extends OperationName>(transaction: LedgerTransaction, request: Request<K>): Promise<Output<K>> {
  return operations[request.name](transaction, request.input);
}

/**
 * Ends that must reach the ledger. A full disk or a held lock must not lose a paid answer or leave a call open whose
 * living owner will not end it again: these operations are retried until the ledger accepts them.
 */
const ends: ReadonlySet<OperationName> = new Set(['settle', 'refuse', 'forfeit', 'endSpending', 'recordBatch']);
const retryMs = 250;

const largestGroup = 512;

/**
 * Group commit: all operations that arrived during one transaction share the next one and are answered after its commit. A
 * commit costs one fsync for 1 operation as for 64. When an operation fails, the group is rolled back and repeated with
 * each operation in a savepoint, so the others succeed. Savepoints in every group would cost a tenth of the time.
 */
class GroupCommit {
  readonly #ledger: SqliteLedger;
  readonly #context: LedgerContext;
  readonly #answer: (replies: readonly Reply[]) => void;
  #queue: Request[] = [];
  #running = false;
  #unfinished: Request[] = [];
  #retry: NodeJS.Timeout | undefined;

  constructor(
    ledger: SqliteLedger,
    context: Pick<LedgerContext, 'path' | 'session'>,
    answer: (replies: readonly Reply[]) => void,
  ) {
    this.#ledger = ledger;
    this.#context = { ...context, compiled: new Map() };
    this.#answer = answer;
  }

  /** Unfinished ends are retried with the next requests, and at the latest after `retryMs`. */
  add(requests: readonly Request[]): void {
    this.#queue.push(...this.#unfinished.splice(0), ...requests);
    this.#schedule();
  }

  /** The next group starts after one turn of the event loop, so that it includes every request that has arrived. */
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

  /** Never rejects: an error is the reply to the request that caused it. */
  async #commit(group: readonly Request[]): Promise<readonly Reply[]> {
    let failed = false;
    const together = async (transaction: LedgerTransaction, request: Request): Promise<Reply> => {
      try {
        return { id: request.id, value: await perform(transaction, request) };
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    const isolated = async (transaction: LedgerTransaction, request: Request): Promise<Reply> => {
      const outcome = await transaction.isolated(() => perform(transaction, request));
      return 'error' in outcome ? this.#failed(request, outcome.error) : { id: request.id, ...outcome };
    };
    try {
      return await this.#transact(group, together);
    } catch (error) {
      if (!failed) return group.map((request) => this.#failed(request, error));
    }
    try {
      return await this.#transact(group, isolated);
    } catch (error) {
      return group.map((request) => this.#failed(request, error));
    }
  }

  async #transact(
    group: readonly Request[],
    reply: (transaction: LedgerTransaction, request: Request) => Promise<Reply>,
  ): Promise<readonly Reply[]> {
    return await this.#ledger.transact(async (connection) => {
      const transaction = await LedgerTransaction.begin(connection, this.#context);
      const replies: Reply[] = [];
      for (const request of group) replies.push(await reply(transaction, request));
      await transaction.flush();
      return replies;
    });
  }

  #failed(request: Request, thrown: unknown): Reply {
    const error = thrownData(thrown, this.#ledger.path);
    if (ends.has(request.name)) {
      if (error.type === 'StorageFull' || error.type === 'LedgerUnavailable') this.#retryLater(request);
      // Retrying does not help (another ledger file, a bug), and the caller only knows about the storage.
      else if (request.id === 0) process.emitWarning(`The ledger did not accept the end of a call: ${error.message}`);
    }
    return { id: request.id, error };
  }

  #retryLater(request: Request): void {
    this.#unfinished.push({ ...request, id: 0 });
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.add([]);
    }, retryMs).unref();
  }
}

const { path, session }: ThreadData = workerData;

function post(message: FromThread): void {
  parentPort?.postMessage(message, []);
}

async function start(): Promise<void> {
  const ledger = openSqlite(path);
  await ledger.transact(async ({ database }) => {
    await migrate(database, path);
    await database.insertInto('sessions').values(sessionOfThisProcess(session, Date.now())).execute();
  });
  await repairAmounts(ledger);
  const group = new GroupCommit(ledger, { path, session }, (all) => {
    const replies = all.filter(({ id }) => id !== 0);
    if (replies.length > 0) post({ kind: 'replies', replies });
  });
  // The error of a beat is not reported: the next operation of a caller meets the same error.
  const beat = setInterval(() => group.add([{ id: 0, name: 'beat', input: undefined }]), beatMs);
  parentPort?.on('message', (message: ToThread) => {
    if (message !== 'end') group.add(message);
    else {
      clearInterval(beat);
      void ledger.database.destroy().then(() => parentPort?.close());
    }
  });
  post({ kind: 'ready', operations: Object.keys(operations).filter(isOperation) });
}

try {
  await start();
} catch (error) {
  post({ kind: 'failed', error: thrownData(error, path) });
}
