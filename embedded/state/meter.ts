/**
 * The endpoint's own meter: requests received by teachers and calls billed, in an append-only file. A billed call is
 * written (one write to the operating system, so it survives SIGKILL) before its answer leaves. Lines, with the time in
 * milliseconds and the `Idempotency-Key` (`-` without one): `r <ms> <key>` a request, `p <ms> <key> <request hash>` a bill whose key
 * is not honoured, `b <created> <request hash> <key> <ms>` a bill under an idempotency key.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface Bill {
  /** Seconds since 1970 of the first answer: a repeat shows the same. */
  readonly created: number;
  readonly request: string;
}

export class Meter {
  requests = 0;
  billed = 0;
  readonly #file: number;
  #closed = false;
  readonly #bills = new Map<string, Bill>();

  constructor(folder: string) {
    const path = join(folder, 'meter.log');
    this.#file = openSync(path, 'a');
    const lines = readFileSync(path, 'utf8').split('\n');
    // Text after the last line break is a line cut short by a power failure: its answer was never sent.
    for (const line of lines.slice(0, -1)) this.#recount(line);
    if (lines.at(-1) !== '') writeSync(this.#file, '\n');
  }

  #recount(line: string): void {
    const [kind, created, request, key] = line.split(' ');
    if (kind === 'r') this.requests += 1;
    if (kind !== 'b' && kind !== 'p') return;
    this.billed += 1;
    if (kind === 'b' && created && request && key)
      this.#bills.set(decodeURIComponent(key), { created: Number(created), request });
  }

  receive(key: string | undefined): void {
    this.#write(`r ${Date.now()} ${written(key)}`);
    this.requests += 1;
  }

  bill(key: string | undefined, request: string): void {
    this.#write(`p ${Date.now()} ${written(key)} ${request}`);
    this.billed += 1;
  }

  billOnce(key: string, bill: Bill): void {
    this.#write(`b ${bill.created} ${bill.request} ${encodeURIComponent(key)} ${Date.now()}`);
    this.billed += 1;
    this.#bills.set(key, bill);
  }

  billOf(key: string): Bill | undefined {
    return this.#bills.get(key);
  }

  close(): void {
    this.#closed = true;
    closeSync(this.#file);
  }

  /** A call that outlives its server is not answered, hence not billed; the closed file's number may be another's now. */
  #write(line: string): void {
    if (this.#closed) throw new Error('the endpoint is closed');
    writeSync(this.#file, `${line}\n`);
  }
}

function written(key: string | undefined): string {
  return key === undefined ? '-' : encodeURIComponent(key);
}
