/** The port `Ledger` over the ledger's thread: requests of one turn of the event loop travel together. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { claims } from './claims.ts';
import type {
  FromThread,
  Input,
  OperationName,
  Operations,
  Output,
  Reply,
  Request,
  ThreadData,
  ThrownData,
  ToThread,
} from './protocol.ts';
import { runRecord } from './run-record.ts';

/**
 * Opens the ledger at `path`, or creates it. Any number of processes may have the same file open, on a local disk.
 * Throws `BaldistillError` `LedgerUnavailable` (locked, damaged, written by a newer version) or `StorageFull`.
 */
export async function openLedger(options: { readonly path: string }): Promise<Ledger> {
  const channel = new LedgerChannel({ path: options.path, session: randomUUID() });
  const names = await channel.ready;
  const ledger = clientOf(names, (name, input) => channel.call(name, input));
  return {
    ...ledger,
    ...claims(ledger),
    run: async (key) => {
      const stored = await ledger.run(key);
      return stored === undefined ? undefined : runRecord(stored);
    },
    runs: async () => (await ledger.runs()).map(runRecord),
    close: async () => {
      try {
        await ledger.endSession();
      } finally {
        await channel.stop();
      }
    },
  };
}

/** One method per operation. The thread sends the names of the registry that `Operations` checks, so the types hold. */
function clientOf(names: readonly OperationName[], call: Call): Operations;
function clientOf(names: readonly OperationName[], call: (name: OperationName, input: never) => unknown): object {
  return Object.fromEntries(names.map((name) => [name, (input: never) => call(name, input)]));
}

type Call = <K extends OperationName>(name: K, input: Input<K>) => Promise<Output<K>>;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

class LedgerChannel {
  /** The operations of the thread, once the ledger is open. */
  readonly ready: Promise<readonly OperationName[]>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #outbox: Request[] = [];
  #lastId = 0;
  #exited = false;
  #closed: BaldistillError | undefined;

  constructor(workerData: ThreadData) {
    const worker = new Worker(new URL('./ledger-thread.ts', import.meta.url), {
      workerData,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      name: 'ledger',
      // Objects in the thread are short-lived: a small young generation is as fast and saves a hundred megabytes.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    worker.unref();
    this.#worker = worker;
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'ready') resolve(message.operations);
        else if (message.kind === 'failed') reject(errorOf(message.error));
        else this.#deliver(message.replies);
      });
      worker.on('error', (error) => {
        this.#end(`The ledger's thread has failed: ${error.message}`, error);
        reject(error);
      });
      worker.on('exit', () => {
        this.#exited = true;
        this.#end('The ledger is closed.');
      });
    });
  }

  call<K extends OperationName>(name: K, input: Input<K>): Promise<Output<K>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Output<K>>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // Only a process that waits for a reply is kept alive by the ledger.
      if (this.#waiting.size === 1) this.#worker.ref();
      if (this.#outbox.push({ id, name, input }) === 1) setImmediate(() => this.#send());
    });
  }

  /** Closes the file and ends the thread; requests that still wait are rejected. */
  async stop(): Promise<void> {
    this.#end('The ledger is closed.');
    if (this.#exited) return;
    this.#worker.ref();
    this.#worker.postMessage('end' satisfies ToThread, []);
    await once(this.#worker, 'exit');
  }

  #send(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    if (!this.#exited) this.#worker.postMessage(requests satisfies ToThread, []);
  }

  #deliver(replies: readonly Reply[]): void {
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(errorOf(reply.error));
      else waiting?.resolve(reply.value);
    }
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #end(message: string, cause?: Error): void {
    this.#closed ??= new BaldistillError('LedgerUnavailable', message, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#closed);
    this.#waiting.clear();
  }
}

function errorOf({ type, message }: ThrownData): Error {
  return type === null ? new Error(message) : new BaldistillError(type, message);
}
