/** CSV and TSV (RFC 4180): a header, then records that may hold delimiters and line breaks between quotes. */
import { isUtf8 } from 'node:buffer';
import { Readable, pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import type { CsvError } from 'csv-parse';
import { readLines } from '../json-lines/read-lines.ts';
import { missingColumns } from './file-record.ts';
import type { FileRecord, RecordProblem } from './file-record.ts';
import { show } from './normalize-row.ts';

/** The parser's limit for one record, as for a line of JSONL. */
const longestRecord = 16 * 1024 * 1024;
const blockBytes = 64 * 1024;

interface CsvRecord {
  /** The line its last cell ends on. */
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

/** An empty cell is a missing value. Throws what the file system throws. */
export async function* readCsv(
  file: string,
  columns: readonly string[],
  delimiter: string,
): AsyncGenerator<FileRecord> {
  /** Reported while the parser reads ahead; they are returned with the next record. */
  const problems: RecordProblem[] = [];
  let endOfLast = 0;
  const parser = parse({
    delimiter,
    info: true,
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
    skip_records_with_error: true,
    on_skip: (error) => {
      problems.push(brokenRecord(error, endOfLast + 1));
      return undefined;
    },
    on_record: (record: string[], { lines }) => {
      endOfLast = lines;
      return record;
    },
  });
  // What the reading of the file throws reaches us through the parser.
  pipeline(Readable.from(textBlocks(file, problems)), parser, () => undefined);
  const records: AsyncIterable<CsvRecord> = parser;

  let header: readonly string[] | undefined;
  for await (const { info, record } of records) {
    yield* drained(problems);
    if (header === undefined) {
      header = record.map((name) => name.trim());
      problems.push(...missingColumns(columns, header), ...repeatedColumns(columns, header));
      if (problems.length === 0) continue;
      yield* drained(problems);
      return;
    }
    const line = info.lines - record.reduce((breaks, cell) => breaks + cell.split('\n').length - 1, 0);
    if (record.length === header.length) {
      yield { ok: true, line, value: Object.fromEntries(header.map((name, at) => [name, record[at] || null])) };
      continue;
    }
    const expected = `${header.length} cells, as many as the header has, instead of ${record.length}`;
    yield { ok: false, problem: { line, field: null, value: show(record.join(delimiter)), expected } };
  }
  yield* drained(problems);
}

function* drained(problems: RecordProblem[]): Generator<FileRecord> {
  for (const problem of problems.splice(0)) yield { ok: false, problem };
}

function repeatedColumns(wanted: readonly string[], there: readonly string[]): RecordProblem[] {
  return wanted
    .filter((field) => there.indexOf(field) !== there.lastIndexOf(field))
    .map((field) => ({ line: null, field, value: show(field), expected: 'only one column of that name' }));
}

/** `from`: the first line that belongs to no record before. */
function brokenRecord(error: CsvError | undefined, from: number): RecordProblem {
  if (error?.code === 'CSV_QUOTE_NOT_CLOSED')
    return problemAt(from, 'every quote to be closed; one that opens here or later is not');
  if (error?.code === 'CSV_MAX_RECORD_SIZE')
    return problemAt(from, 'a record of at most 16 MiB; perhaps a quote is not closed');
  const line = typeof error?.['lines'] === 'number' ? error['lines'] : from;
  return problemAt(line, 'a cell with quotes around all of it or none, and quotes inside doubled');
}

function problemAt(line: number | null, expected: string): RecordProblem {
  return { line, field: null, value: null, expected };
}

/** The lines of the file with uniform ends and without a byte order mark; a line that is not UTF-8 is a problem. */
async function* textBlocks(file: string, problems: RecordProblem[]): AsyncGenerator<Buffer> {
  const newline = Buffer.from('\n');
  let block: Buffer[] = [];
  let length = 0;
  for await (const { number: line, bytes } of readLines(file)) {
    if (bytes === null) problems.push(problemAt(line, 'a line of at most 16 MiB'));
    else if (line === 1 && /^(\xFF\xFE|\xFE\xFF)/.test(bytes.toString('latin1', 0, 2))) {
      problems.push(problemAt(null, 'text in UTF-8; this file is in UTF-16'));
      return;
    } else if (!isUtf8(bytes)) {
      problems.push(problemAt(line, 'text in UTF-8; this line is in another encoding, such as Windows-1252'));
    }
    block.push(bytes ?? newline, newline);
    length += bytes?.length ?? 0;
    if (length < blockBytes) continue;
    yield Buffer.concat(block);
    block = [];
    length = 0;
  }
  if (block.length > 0) yield Buffer.concat(block);
}
