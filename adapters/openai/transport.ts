/**
 * A thin way for the one kind of request a run makes by the ten thousand: JSON out, JSON back. It speaks to undici's
 * dispatcher itself, without what WHATWG `fetch` puts around it (streams, header guards, signals of its own), which
 * costs more than the rest of a call (docs/performance.md). Whatever else the package sends goes through `whole`.
 *
 * As with `fetch`, the answer is there as soon as its head is, its body may still break off or stall, and the signal
 * ends both; errors are those of `fetch`, so that the package sorts them into the same classes. `wholeMs`, from the
 * request on, is the deadline of the whole answer: the package keeps one for the body of a success, none for an error's.
 */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { AnswerTooLarge, AnswerTooLate } from './answer-limits.ts';
import { NeverSent } from './never-sent.ts';

export type Send = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

type Head = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

/** What one answer may take. `bytes` counts after decompression. */
export interface AnswerLimits {
  readonly wholeMs: number;
  readonly bytes: number;
}

export function thinFetch(agent: Dispatcher, limits: AnswerLimits, whole: Send): Send {
  return async (url, init) => {
    if (url instanceof Request || init?.method !== 'POST' || typeof init.body !== 'string')
      return await whole(url, init);
    init.signal?.throwIfAborted();
    const { origin, pathname, search } = new URL(url);
    // Nothing is asked for compressed: an answer is a few kilobytes, and unpacking it costs more than it saves.
    const headers = { ...Object.fromEntries(new Headers(init.headers)), 'accept-encoding': 'identity' };
    const exchange = new Exchange(init.signal ?? undefined, limits);
    agent.dispatch({ origin, path: pathname + search, method: 'POST', headers, body: init.body }, exchange);
    const answer = await exchange.head;
    // Rare, and never billed: `fetch` knows which redirects may be followed, and what may go along.
    if (answer.status >= 300 && answer.status < 400) return await whole(url, init);
    return asResponse(answer);
  };
}

/** What the `openai` package reads of a `Response`. */
class Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly headers = new Headers();
  readonly url = '';
  /** Never a stream: no request here asks for one. */
  readonly body = null;
  readonly #bytes: Promise<Buffer>;
  readonly #mostBytes: number;

  constructor(status: number, head: Head, bytes: Promise<Buffer>, mostBytes: number) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.#bytes = bytes;
    this.#mostBytes = mostBytes;
    for (const [name, value] of Object.entries(head)) {
      for (const one of typeof value === 'string' ? [value] : (value ?? [])) this.headers.append(name, one);
    }
  }

  async text(): Promise<string> {
    const bytes = await this.#bytes;
    const unpack = unpackers[this.headers.get('content-encoding') ?? ''];
    if (unpack === undefined) return utf8.decode(bytes);
    try {
      return utf8.decode(await unpack(bytes, { maxOutputLength: this.#mostBytes }));
    } catch (error) {
      if (error instanceof RangeError) throw new AnswerTooLarge(this.#mostBytes);
      throw error;
    }
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/** Takes a byte order mark away, as `fetch` does. */
const utf8 = new TextDecoder();
/** Some gateways pack whatever they were asked for. */
const unpackers: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** One request under way. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly head: Promise<Answer>;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = (): void => this.#aborted();
  readonly #answered = Promise.withResolvers<Answer>();
  readonly #whole = Promise.withResolvers<Buffer>();
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  readonly #deadline: NodeJS.Timeout;
  readonly #mostBytes: number;
  #bytes = 0;
  #begun = false;

  constructor(signal: AbortSignal | undefined, { wholeMs, bytes }: AnswerLimits) {
    this.#mostBytes = bytes;
    // Before the head the package watches the time, and distinguishes what was never sent from what may be billed.
    this.#deadline = setTimeout(() => {
      if (this.#begun) this.#controller?.abort(new AnswerTooLate());
    }, wholeMs).unref();
    this.head = this.#answered.promise;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
    // An error in a body that is not read is ignored.
    this.#whole.promise.catch(() => undefined);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection: it never leaves.
    if (this.#signal?.aborted === true) controller.abort(reasonOf(this.#signal));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, head: Head): void {
    // 1xx announces the answer, it is none.
    if (status < 200) return;
    this.#begun = true;
    this.#answered.resolve(new Answer(status, head, this.#whole.promise, this.#mostBytes));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#mostBytes) {
      this.#chunks.length = 0;
      controller.abort(new AnswerTooLarge(this.#mostBytes));
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#over();
    const [only] = this.#chunks;
    this.#whole.resolve(this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    if (this.#signal?.aborted === true) this.#fail(reasonOf(this.#signal));
    else if (error instanceof AnswerTooLate || error instanceof AnswerTooLarge) this.#fail(error);
    else {
      // Undici hands a request its controller right before it writes it, never sooner.
      const cause = this.#controller === undefined ? new NeverSent(error) : error;
      this.#fail(new TypeError(this.#begun ? 'terminated' : 'fetch failed', { cause }));
    }
  }

  #aborted(): void {
    if (this.#signal === undefined) return;
    const reason = reasonOf(this.#signal);
    this.#controller?.abort(reason);
    // While it waits for a connection there is nothing to cancel, and the caller does not wait.
    this.#fail(reason);
  }

  #fail(error: Error): void {
    this.#answered.reject(error);
    this.#whole.reject(error);
  }

  #over(): void {
    clearTimeout(this.#deadline);
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError');
}

/** Undici's `Response` and ours have the interface of the global one, as far as it is used, and are other classes. */
export function asResponse(value: unknown): Response {
  if (!isResponse(value)) throw new TypeError('The transport answered with something that is no response.');
  return value;
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'body' in value;
}
