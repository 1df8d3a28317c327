/** The records of a data file, whatever its format, each with its place in the file. */
import { extname } from 'node:path';
import { dataFormats } from '../../contracts/run/run-file.ts';
import type { DataFormat } from '../../contracts/run/run-file.ts';
import { readJsonLines } from '../json-lines/read-json-lines.ts';
import { readCsv } from './csv-records.ts';
import type { FileRecord } from './file-record.ts';
import { show } from './normalize-row.ts';
import { readParquet } from './parquet-records.ts';

/** By the file's extension where the run file names no format; JSONL for an unknown extension. */
export function formatOf(path: string, chosen: DataFormat | undefined): DataFormat {
  const extension = extname(path).slice(1).toLowerCase();
  return chosen ?? dataFormats.find((format) => format === extension) ?? 'jsonl';
}

/**
 * Streams the records of a file; `columns` are those that a table has to have. A record or file that cannot be read
 * is reported as a problem, never thrown.
 */
export async function* readRecords(
  file: string,
  format: DataFormat,
  columns: readonly string[],
): AsyncGenerator<FileRecord> {
  try {
    if (format === 'parquet') yield* readParquet(file, columns);
    else if (format === 'jsonl') yield* readJsonl(file);
    else yield* readCsv(file, columns, format === 'csv' ? ',' : '\t');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    const expected = `a file that can be read at ${file} (${String(error.code)})`;
    yield { ok: false, problem: { line: null, field: null, value: null, expected } };
  }
}

async function* readJsonl(file: string): AsyncGenerator<FileRecord> {
  for await (const record of readJsonLines(file)) {
    if (record.ok) yield record;
    else {
      const { line, text, expected } = record;
      yield { ok: false, problem: { line, field: null, value: show(text), expected } };
    }
  }
}
