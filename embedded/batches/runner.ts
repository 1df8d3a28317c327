/**
 * Works batches off, all at the same time, line by line. A batch that was open when a server was killed starts again:
 * answers follow from the requests, and the meter knows by batch and `custom_id` which lines were billed before.
 */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../domain/random.ts';
import type { Behavior } from '../behavior.ts';
import { Breathing } from '../yield-to-events.ts';
import type { BatchRecord, Batches, BatchStatus } from '../state/batches.ts';
import type { Files } from '../state/files.ts';
import type { BatchOutcome } from './behavior.ts';
import { readInputFile } from './input-file.ts';
import type { InputLine } from './input-file.ts';

/** Answers a line, billed under a key, as the same request would be answered singly. */
export type AnswerLine = (
  body: InputLine['body'],
  billKey: string,
) => Promise<{ readonly status: number; readonly body: unknown }>;

/** The longest rest before changed behavior, a cancel or the end of the server is noticed. */
const longestRestMs = 10;

interface Results {
  readonly output: object[];
  readonly errors: object[];
}

export class BatchRunner {
  readonly #files: Files;
  readonly #batches: Batches;
  readonly #behavior: Behavior;
  readonly #answer: AnswerLine;
  readonly #running = new Set<Promise<void>>();
  #closing = false;

  constructor(files: Files, batches: Batches, behavior: Behavior, answer: AnswerLine) {
    this.#files = files;
    this.#batches = batches;
    this.#behavior = behavior;
    this.#answer = answer;
  }

  /** Continues what a previous server left open. */
  resume(): void {
    for (const batch of this.#batches.open()) this.start(batch);
  }

  start(batch: BatchRecord): void {
    const running = this.#run(batch).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Stops in the middle of every batch; they stay open for the next server. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#running);
  }

  async #run(batch: BatchRecord): Promise<void> {
    const { id } = batch;
    try {
      const lines = await this.#validated(batch);
      if (lines === undefined) return;
      this.#batches.count(id, { total: lines.length, completed: 0, failed: 0 });
      if (!this.#cancelling(id)) this.#batches.advance(id, 'in_progress');
      const results: Results = { output: [], errors: [] };
      const end = await this.#work(batch, lines, results);
      if (end === undefined) return;
      if (end === 'completed') this.#batches.advance(id, 'finalizing');
      const output = await this.#keep(shuffled(results.output, id), `${id}_output.jsonl`);
      const error = await this.#keep(shuffled(results.errors, id), `${id}_error.jsonl`);
      this.#batches.end(id, end, { output, error });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#batches.fail(id, [{ code: 'server_error', message, line: null, param: null }]);
    }
  }

  /** Undefined where the batch failed on its input file. */
  async #validated({ id, input_file: file }: BatchRecord): Promise<readonly InputLine[] | undefined> {
    const { batches: limits } = this.#behavior;
    const input = await readInputFile(await this.#files.content(file), limits.behavior);
    if (!input.ok) {
      this.#batches.fail(id, input.problems);
      return undefined;
    }
    const { mostTokens } = limits.behavior;
    const under = this.#batches.open().reduce((sum, other) => sum + (other.id === id ? 0 : other.tokens), 0);
    if (mostTokens !== null && under + input.tokens > mostTokens) {
      const message = `${under} tokens are enqueued already; with this batch the limit of ${mostTokens} would be passed.`;
      this.#batches.fail(id, [{ code: 'token_limit_exceeded', message, line: null, param: null }]);
      return undefined;
    }
    this.#batches.validated(id, input.tokens);
    return input.lines;
  }

  /** How the batch ended; undefined where the server did first. */
  async #work(
    { id, outcome }: BatchRecord,
    lines: readonly InputLine[],
    results: Results,
  ): Promise<BatchStatus | undefined> {
    const expires = outcome.expireShare === null ? Infinity : Math.floor(lines.length * outcome.expireShare);
    const breathing = new Breathing();
    const counts = { total: lines.length, completed: 0, failed: 0 };
    for (const [index, line] of lines.entries()) {
      await this.#rest(breathing, id);
      if (this.#closing) return undefined;
      const left = (code: string, message: string): void => {
        const end = { response: null, error: { code, message } };
        results.errors.push(...lines.slice(index).map((rest) => resultOf(id, rest, end)));
      };
      if (this.#cancelling(id)) {
        left('batch_cancelled', 'This request was cancelled with its batch.');
        return 'cancelled';
      }
      if (index >= expires) {
        left('batch_expired', 'This request could not be executed before the completion window expired.');
        return 'expired';
      }
      counts[await this.#one({ id, outcome }, line, index + 1, results)] += 1;
      this.#batches.count(id, counts);
    }
    return expires === lines.length ? 'expired' : 'completed';
  }

  async #one(
    { id, outcome }: { readonly id: string; readonly outcome: BatchOutcome },
    line: InputLine,
    number: number,
    { output, errors }: Results,
  ): Promise<'completed' | 'failed'> {
    const { fail, loseEvery } = outcome;
    if (fail && number % fail.every === 0) {
      const message = 'A fault was injected here.';
      const body = { error: { message, type: 'server_error', param: null, code: 'injected_fault' } };
      const response = fail.status === 0 ? null : { status_code: fail.status, request_id: `req_${number}`, body };
      const error = fail.status === 0 ? { code: 'no_response', message } : null;
      errors.push(resultOf(id, line, { response, error }));
      return 'failed';
    }
    const { status, body } = await this.#answer(line.body, `${id}/${line.custom_id}`);
    const result = resultOf(id, line, {
      response: { status_code: status, request_id: `req_${number}`, body },
      error: null,
    });
    if (loseEvery === null || number % loseEvery !== 0) (status < 400 ? output : errors).push(result);
    return status < 400 ? 'completed' : 'failed';
  }

  async #rest(breathing: Breathing, id: string): Promise<void> {
    await breathing.rest();
    const since = performance.now();
    for (;;) {
      const left = this.#behavior.batches.behavior.lineMs - (performance.now() - since);
      if (left <= 0 || this.#closing || this.#cancelling(id)) return;
      await sleep(Math.min(left, longestRestMs));
    }
  }

  #cancelling(id: string): boolean {
    return this.#batches.get(id).status === 'cancelling';
  }

  async #keep(results: readonly object[], name: string): Promise<string | null> {
    if (results.length === 0) return null;
    const upload = await this.#files.receive(
      Readable.from(results.map((result) => Buffer.from(`${JSON.stringify(result)}\n`))),
    );
    return (await this.#files.keep(upload, name, 'batch_output')).id;
  }
}

function resultOf(batch: string, line: InputLine, end: { response: object | null; error: object | null }): object {
  return { id: `batch_req_${batch.slice(6, 14)}_${line.custom_id}`, custom_id: line.custom_id, ...end };
}

/** The API promises no order; shuffled, so that no client relies on one. */
function shuffled(results: readonly object[], seed: string): object[] {
  const random = seededRandom('batch', seed);
  const order = [...results];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = random.int(last + 1);
    [order[last], order[other]] = [order[other] ?? {}, order[last] ?? {}];
  }
  return order;
}
