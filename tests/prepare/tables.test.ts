/** CSV, TSV and Parquet become the same rows as JSONL, and what is wrong in them is reported the same way. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetWriteFile } from 'hyparquet-writer';
import type { ColumnSource } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import type { FileRecord } from '../../adapters/datasets/file-record.ts';
import { readRecords } from '../../adapters/datasets/read-records.ts';
import { dataFolder, prepare, rowsOf, specOf } from './world.ts';

const fields = { id: 'id', input: 'text', answer: 'label' };
type Rest = Partial<{ fields: { id?: string; input: string; answer: string } }>;

function fileOf(name: string, content: string | Buffer): string {
  const folder = dataFolder({});
  writeFileSync(join(folder, name), content);
  return folder;
}

function parquetOf(columnData: ColumnSource[], rowGroupSize = 2): string {
  const folder = dataFolder({});
  parquetWriteFile({ filename: join(folder, 'train.parquet'), columnData, rowGroupSize });
  return folder;
}

async function imported(folder: string, train: string, rest: Rest = {}): Promise<string[][]> {
  const prepared = await prepare(specOf(folder, { train, fields, ...rest }));
  return (await rowsOf(prepared.pool)).map(({ id, input, answer }) => [id, input, answer]);
}

async function refused(folder: string, train: string, rest: Rest = {}): Promise<string[]> {
  const said = await imported(folder, train, rest).then(
    () => 'imported after all',
    (error: unknown) => String(error),
  );
  return said.split('\n').slice(1);
}

test('CSV with a byte order mark, Windows line ends, quotes, commas and line breaks inside a cell', async () => {
  const text = '\uFEFFid,more,text,label\r\na,1,"one, ""two""\r\n\r\nthree",x\r\n\r\nb,2,four,y\r\nc,,"",\r\n';
  expect(await refused(fileOf('train.csv', text), 'train.csv')).toEqual([
    // The cell above holds line breaks of its own: the line is still the one an editor shows.
    '  train.csv, line 7: text: missing; expected text that is not empty',
    '  train.csv, line 7: label: missing; expected text that is not empty, on one line and without control characters, of at most 256 characters',
  ]);
  const good = text.replace('c,,"",\r\n', 'c,,"5"" disk",z');
  expect(await imported(fileOf('train.csv', good), 'train.csv')).toEqual([
    ['a', 'one, "two"\n\nthree', 'x'],
    ['b', 'four', 'y'],
    ['c', '5" disk', 'z'],
  ]);
});

test('TSV, and a file whose extension says nothing', async () => {
  const text = 'id\ttext\tlabel\na\tone, two\tx\nb\tthree\ty\n';
  const rows = [
    ['a', 'one, two', 'x'],
    ['b', 'three', 'y'],
  ];
  expect(await imported(fileOf('train.tsv', text), 'train.tsv')).toEqual(rows);
  const folder = fileOf('train.txt', text);
  const spec = specOf(folder, { train: { path: 'train.txt', format: 'tsv' }, fields });
  expect((await rowsOf((await prepare(spec)).pool)).map(({ id }) => id)).toEqual(['a', 'b']);
});

test('all problems of a CSV file at once, each with its line', async () => {
  const lines = ['id,text,label', 'a,one,x', 'b,two', 'c,three,x,y', 'a,five,x', 'd,a "quote,x', 'e,,x', 'f,six,"y'];
  expect(await refused(fileOf('train.csv', `${lines.join('\n')}\ng,seven,x\n`), 'train.csv')).toEqual([
    '  train.csv, line 3: "b,two": expected 3 cells, as many as the header has, instead of 2',
    '  train.csv, line 4: "c,three,x,y": expected 3 cells, as many as the header has, instead of 4',
    '  train.csv, line 5: id = "a": expected a unique id; line 2 has the same',
    '  train.csv, line 6: expected a cell with quotes around all of it or none, and quotes inside doubled',
    '  train.csv, line 7: text: missing; expected text that is not empty',
    '  train.csv, line 8: expected every quote to be closed; one that opens here or later is not',
  ]);
});

test('columns that are not there, or there twice', async () => {
  expect(await refused(fileOf('train.csv', 'id;text;label\na;one;x\n'), 'train.csv')).toEqual([
    '  train.csv: id: missing; expected a column of that name; the file has "id;text;label"',
    '  train.csv: text: missing; expected a column of that name; the file has "id;text;label"',
    '  train.csv: label: missing; expected a column of that name; the file has "id;text;label"',
  ]);
  expect(await refused(fileOf('train.csv', 'id,text,label,text\na,one,x,two\n'), 'train.csv')).toEqual([
    '  train.csv: text = "text": expected only one column of that name',
  ]);
  expect(await refused(fileOf('train.csv', ''), 'train.csv')).toEqual(['  train.csv: expected at least one row']);
});

test('another encoding is named', async () => {
  const text = 'id,text,label\na,one,x\nb,caf\xE9,y\n';
  expect(await refused(fileOf('train.csv', Buffer.from(text, 'latin1')), 'train.csv')).toEqual([
    '  train.csv, line 3: expected text in UTF-8; this line is in another encoding, such as Windows-1252',
  ]);
  expect(await refused(fileOf('train.csv', Buffer.from(`\uFEFF${text}`, 'utf16le')), 'train.csv')).toEqual([
    '  train.csv: expected text in UTF-8; this file is in UTF-16',
  ]);
});

test('Parquet: whole numbers of every width, other numbers and truth values are the same text', async () => {
  const folder = parquetOf([
    { name: 'id', data: [1n, 9007199254740993n, -3n], type: 'INT64' },
    { name: 'text', data: [1.5, Number.NaN, 1e21], type: 'DOUBLE' },
    { name: 'label', data: [true, false, true], type: 'BOOLEAN' },
    { name: 'small', data: [1, 2, 3], type: 'INT32' },
  ]);
  expect(await refused(folder, 'train.parquet')).toEqual([
    '  train.parquet, row 2: text: missing; expected text that is not empty',
  ]);
  const rest = { fields: { id: 'id', input: 'small', answer: 'label' } };
  expect(await imported(folder, 'train.parquet', rest)).toEqual([
    ['1', '1', 'true'],
    ['9007199254740993', '2', 'false'],
    ['-3', '3', 'true'],
  ]);
});

test('all problems of a Parquet file at once, each with its row', async () => {
  const folder = parquetOf([
    { name: 'id', data: ['a', 'b', 'a', null], type: 'STRING' },
    { name: 'text', data: ['one', null, 'three', 'four'], type: 'STRING' },
    { name: 'label', data: [['x', 'y'], 'x', 'x', 'x'], type: 'JSON' },
    { name: 'raw', data: ['one', 'two', Uint8Array.of(0xff, 0xfe), 'four'].map(bytesOf), type: 'BYTE_ARRAY' },
  ]);
  expect(await refused(folder, 'train.parquet')).toEqual([
    '  train.parquet, row 1: label = ["x","y"]: expected text that is not empty, on one line and without control characters, of at most 256 characters',
    '  train.parquet, row 2: text: missing; expected text that is not empty',
  ]);
  const rest = { fields: { id: 'id', input: 'raw', answer: 'text' } };
  expect(await refused(folder, 'train.parquet', rest)).toEqual([
    '  train.parquet, row 2: text: missing; expected text that is not empty, on one line and without control characters, of at most 256 characters',
    '  train.parquet, row 3: raw = bytes: expected text in UTF-8',
  ]);
  expect(await refused(folder, 'train.parquet', { fields: { input: 'txt', answer: 'label' } })).toEqual([
    '  train.parquet: txt: missing; expected a column of that name; the file has "id", "text", "label", "raw"',
  ]);
});

test('an id that occurs twice in Parquet is reported by rows; what is no Parquet, as such', async () => {
  const folder = parquetOf([
    { name: 'id', data: ['a', 'b', 'a'], type: 'STRING' },
    { name: 'text', data: ['one', 'two', 'three'], type: 'STRING' },
    { name: 'label', data: ['x', 'y', 'x'], type: 'STRING' },
  ]);
  expect(await refused(folder, 'train.parquet')).toEqual([
    '  train.parquet, row 3: id = "a": expected a unique id; row 1 has the same',
  ]);
  const [said] = await refused(fileOf('train.parquet', '{"id":"a","text":"one","label":"x"}\n'), 'train.parquet');
  expect(said).toMatch(/^ {2}train\.parquet: expected a sound Parquet file \(.+\)$/);
});

test('a Parquet file longer than a window, over row groups, comes whole and in order', async () => {
  const numbers = Array.from({ length: 24_000 }, (_, row) => row);
  const folder = parquetOf([{ name: 'id', data: numbers, type: 'INT32' }], 22_000);
  const found: FileRecord[] = [];
  for await (const record of readRecords(join(folder, 'train.parquet'), 'parquet', ['id'])) found.push(record);
  expect(found).toEqual(numbers.map((row) => ({ ok: true, line: row + 1, value: { id: String(row) } })));
});

test('the ids of a file in another format narrow a source', async () => {
  const folder = fileOf('train.csv', 'id,text,label\n1,one,x\n2,two,x\n3,three,y\n');
  writeFileSync(join(folder, 'some.tsv'), 'id\tmore\n3\tx\n1\t\n');
  const spec = specOf(folder, { train: { path: 'train.csv', idsIn: 'some.tsv' }, fields });
  expect((await rowsOf((await prepare(spec)).pool)).map(({ id }) => id)).toEqual(['1', '3']);
});

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
