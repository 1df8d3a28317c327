import { createReadStream } from 'node:fs';

export interface FileLine {
  /** From 1. */
  readonly number: number;
  /** Without its line end and without a byte order mark; null where the line is longer than 16 MiB. */
  readonly bytes: Buffer | null;
}

const longest = 16 * 1024 * 1024;
const newline = 0x0a;
const byteOrderMark = Buffer.from('\uFEFF');

/** Streams the lines of a file, a few buffers at a time whatever its size. Throws what the file system throws. */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  yield* linesOf(createReadStream(path, { highWaterMark: 1 << 20 }));
}

/** The same for bytes that come from elsewhere. Throws what their source throws. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FileLine> {
  let number = 0;
  let pieces: Buffer[] = [];
  let length = 0;
  const end = (last: Buffer): FileLine => {
    number += 1;
    const joined = pieces.length === 0 ? last : Buffer.concat([...pieces, last]);
    const whole = length + last.length > longest ? null : joined;
    pieces = [];
    length = 0;
    return { number, bytes: whole === null ? null : trimmed(whole, number) };
  };
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, start)) {
      yield end(chunk.subarray(start, at));
      start = at + 1;
    }
    const rest = chunk.subarray(start);
    length += rest.length;
    // A line that is too long is not kept, only counted.
    if (length <= longest) pieces.push(rest);
    else pieces = [];
  }
  if (length > 0) yield end(Buffer.alloc(0));
}

function trimmed(line: Buffer, number: number): Buffer {
  const start = number === 1 && line.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  return line.subarray(start, line.at(-1) === 0x0d ? -1 : undefined);
}
