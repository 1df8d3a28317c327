/** The teacher's own books, read past it: what it received and what it billed, and when. */
import { existsSync, readFileSync, statSync } from 'node:fs';

export interface Entry {
  readonly kind: 'request' | 'bill';
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `Idempotency-Key`, which is the id of the call. */
  readonly key: string;
  /** Hash of what was asked, of a bill. */
  readonly content: string;
}

export function readMeter(path: string): Entry[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').slice(0, -1).flatMap(entryOf);
}

function entryOf(line: string): Entry[] {
  const [kind, first = '', second = '', third = '', fourth = ''] = line.split(' ');
  const entry = (of: Entry['kind'], at: string, key: string, content: string): Entry[] => [
    { kind: of, at: Number(at), key: decodeURIComponent(key), content },
  ];
  if (kind === 'r') return entry('request', first, second, '');
  if (kind === 'p') return entry('bill', first, second, third);
  if (kind === 'b') return entry('bill', fourth, third, second);
  return [];
}

/** Counts requests; reads again only what grew. */
export function requestCounter(path: string): () => number {
  let size = -1;
  let count = 0;
  return () => {
    const now = existsSync(path) ? statSync(path).size : 0;
    if (now === size) return count;
    size = now;
    count = readMeter(path).filter(({ kind }) => kind === 'request').length;
    return count;
  };
}
