/** This side of the ledger's thread: requests of one turn of the event loop travel together, errors come back as data. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BaldistillError } from '../../../domain/failures.ts';
import type {
  OperationName,
  Operations,
  Request,
  ThreadData,
  ThreadMessage,
  ThrownData,
  ToThread,
} from './protocol.ts';

interface Waiting {
  /** Typed by the operation that waits, see `call`. */
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class LedgerChannel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #outbox: Request[] = [];
  #lastId = 0;
  #exited = false;
  #gone: BaldistillError | undefined;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
  }

  /** Starts the thread and waits until the ledger is open. Throws `LedgerUnavailable` or `StorageFull`. */
  static open(path: string, session: string): Promise<LedgerChannel> {
    const worker = new Worker(new URL('./ledger-thread.ts', import.meta.url), {
      workerData: { path, session } satisfies ThreadData,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      name: 'ledger',
      // Nothing lives long here: a small nursery is as fast, and a hundred megabytes cheaper.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    const channel = new LedgerChannel(worker);
    return new Promise((resolve, reject) => {
      worker.on('message', (message: ThreadMessage) => {
        if (message.kind === 'ready') resolve(channel);
        else if (message.kind === 'failed') reject(errorOf(message.error));
        else channel.#deliver(message.replies);
      });
      worker.on('error', (error) => {
        channel.#end(`The ledger's thread has failed: ${error.message}`, error);
        reject(error);
      });
      worker.on('exit', () => {
        channel.#exited = true;
        channel.#end('The ledger is closed.');
      });
    });
  }

  call<K extends OperationName>(name: K, input: Operations[K]['input']): Promise<Operations[K]['output']> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<Operations[K]['output']>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // Only a process that waits for an answer is kept alive by the ledger.
      if (this.#waiting.size === 1) this.#worker.ref();
      if (this.#outbox.push({ id, name, input }) === 1) setImmediate(() => this.#send());
    });
  }

  /** Closes the file and ends the thread; whoever still waits is told so. */
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

  #deliver(replies: Extract<ThreadMessage, { kind: 'replies' }>['replies']): void {
    for (const reply of replies) {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ('error' in reply) waiting?.reject(errorOf(reply.error));
      else waiting?.resolve(reply.value);
    }
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #end(message: string, cause?: Error): void {
    this.#gone ??= new BaldistillError('LedgerUnavailable', message, { cause });
    for (const waiting of this.#waiting.values()) waiting.reject(this.#gone);
    this.#waiting.clear();
  }
}

function errorOf({ type, message }: ThrownData): Error {
  return type === null ? new Error(message) : new BaldistillError(type, message);
}
