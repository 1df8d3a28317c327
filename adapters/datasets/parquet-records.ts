/** Parquet: the mapped columns of a table, a window of rows at a time. */
import { isUtf8 } from 'node:buffer';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { z } from 'zod';
import { missingColumns } from './file-record.ts';
import type { FileRecord } from './file-record.ts';

/** Rows decoded at a time; of a row group, the compressed bytes of the mapped columns are held with them. */
const window = 20_000;

/** Bytes that claim to be text and are not. */
const notText = Symbol('not text');

const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined): unknown => {
    if (bytes === undefined) return undefined;
    return isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : notText;
  },
};

const Rows = z.array(z.record(z.string(), z.unknown()));

/** Throws what the file system throws; a file that is no sound Parquet is a problem of the whole file. */
export async function* readParquet(path: string, columns: readonly string[]): AsyncGenerator<FileRecord> {
  const file = await asyncBufferFromFile(path);
  try {
    const metadata = await parquetMetadataAsync(file);
    const there = parquetSchema(metadata).children.map(({ element }) => element.name);
    const missing = missingColumns(columns, there);
    for (const problem of missing) yield { ok: false, problem };
    if (missing.length > 0) return;
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const groupEnd = rowStart + Number(group.num_rows);
      while (rowStart < groupEnd) {
        const rowEnd = Math.min(groupEnd, rowStart + window);
        const request = { file, metadata, columns: [...columns], rowStart, rowEnd, compressors, parsers };
        const rows = Rows.parse(await parquetReadObjects({ ...request, useOffsetIndex: true }));
        for (const [index, row] of rows.entries()) yield recordOf(row, rowStart + index + 1);
        rowStart = rowEnd;
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || 'syscall' in error) throw error;
    const expected = `a sound Parquet file (${error.message.slice(0, 200)})`;
    yield { ok: false, problem: { line: null, field: null, value: null, expected } };
  }
}

function recordOf(row: Record<string, unknown>, line: number): FileRecord {
  const field = Object.keys(row).find((name) => row[name] === notText);
  if (field !== undefined) return { ok: false, problem: { line, field, value: 'bytes', expected: 'text in UTF-8' } };
  return { ok: true, line, value: Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, plain(cell)])) };
}

/** Numbers of every width as the same text; NaN is how tables of numbers say that a value is missing. */
function plain(cell: unknown): unknown {
  if (typeof cell === 'number') return Number.isNaN(cell) ? null : String(cell);
  if (typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell);
  if (Array.isArray(cell)) return cell.map(plain);
  if (typeof cell !== 'object' || cell === null || cell instanceof Date) return cell;
  return Object.fromEntries(Object.entries(cell).map(([name, inner]) => [name, plain(inner)]));
}
