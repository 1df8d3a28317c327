import { isUtf8 } from 'node:buffer';
import { linesOf, readLines } from './read-lines.ts';
import type { FileLine } from './read-lines.ts';

export type JsonLine =
  | { readonly line: number; readonly ok: true; readonly value: unknown }
  | { readonly line: number; readonly ok: false; readonly text: string; readonly expected: string };

/** Streams the JSON values of a JSONL file; blank lines are passed over, a line that is not JSON is reported as a problem. */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine> {
  yield* parsed(readLines(path));
}

/** The same for bytes that come from elsewhere. */
export async function* jsonLinesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<JsonLine> {
  yield* parsed(linesOf(chunks));
}

async function* parsed(lines: AsyncIterable<FileLine>): AsyncGenerator<JsonLine> {
  for await (const { number: line, bytes } of lines) {
    if (bytes === null) {
      yield { line, ok: false, text: '', expected: 'a line of at most 16 MiB' };
      continue;
    }
    const text = bytes.toString('utf8');
    if (text.trim() === '') continue;
    if (!isUtf8(bytes)) yield { line, ok: false, text, expected: 'text in UTF-8' };
    else yield parseLine(line, text);
  }
}

function parseLine(line: number, text: string): JsonLine {
  try {
    const value: unknown = JSON.parse(text);
    return { line, ok: true, value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { line, ok: false, text, expected: 'one whole JSON object' };
  }
}
