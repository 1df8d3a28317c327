import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkData, createPrepare } from '../../activities/data/prepare.ts';
import { artifactFolder, artifacts, dataFolder, fields, importer, prepare, rowsOf, specOf, tableOf } from './world.ts';

const ids = async (...reference: Parameters<typeof rowsOf>): Promise<string[]> =>
  (await rowsOf(...reference)).map(({ id }) => id);

test('rows become normalized rows through the field map; domains are counted', async () => {
  const folder = dataFolder({
    'train.jsonl': [
      { id: 'a', task: 'Sort it.', text: ' Wheat rose. ', label: 'grain', topic: 'grain', more: [1, 2] },
      { id: 7, task: null, text: 'A merger.', label: 'acq' },
      '',
      { id: 'c', text: 'Net profit 3 mln.', label: 'earn ' },
    ],
    'test.jsonl': [
      { id: 'a', text: 'Corn fell.', label: 'grain' },
      { id: 't', text: 'Tea.', label: 'tea' },
    ],
  });
  const prepared = await prepare(
    specOf(folder, { train: 'train.jsonl', test: 'test.jsonl', fields, instruction: 'Name the topic.' }),
  );
  expect(await rowsOf(prepared.pool)).toEqual([
    { id: 'a', domain: 'grain', instruction: 'Sort it.', input: ' Wheat rose. ', answer: 'grain' },
    { id: '7', domain: 'acq', instruction: 'Name the topic.', input: 'A merger.', answer: 'acq' },
    { id: 'c', domain: 'earn', instruction: 'Name the topic.', input: 'Net profit 3 mln.', answer: 'earn' },
  ]);
  expect(prepared.validation).toBeNull();
  expect(await tableOf(prepared)).toEqual({
    labels: ['acq', 'earn', 'grain', 'tea'],
    pool: { acq: 1, earn: 1, grain: 1 },
    validation: {},
    test: { grain: 1, tea: 1 },
    unscored: ['acq', 'earn'],
  });
});

test('numbers and truth values are labels too; a byte order mark and Windows line ends do no harm', async () => {
  const folder = dataFolder({ 'train.jsonl': ['\uFEFF{"text":"a","label":1}\r', '{"text":"b","label":false}\r'] });
  const prepared = await prepare(specOf(folder, { train: 'train.jsonl', fields: { input: 'text', answer: 'label' } }));
  const rows = await rowsOf(prepared.pool);
  expect(rows.map(({ answer, input }) => [answer, input])).toEqual([
    ['1', 'a'],
    ['false', 'b'],
  ]);
});

test('rows without an id get a hash of their content, the same every time and apart for repeats', async () => {
  const rows = [
    { text: 'one', label: 'a' },
    { text: 'two', label: 'a' },
    { text: 'one', label: 'a' },
  ];
  const spec = specOf(dataFolder({ 'train.jsonl': rows }), { train: 'train.jsonl', fields, duplicates: 'keep' });
  const found = await ids((await prepare(spec)).pool);
  expect(found[0]).toMatch(/^row-[0-9a-f]{24}$/);
  expect(found[2]).toBe(`${found[0]}-2`);
  expect(new Set(found).size).toBe(3);
  expect(await ids((await prepare(spec)).pool)).toEqual(found);
});

test('exact duplicates and leaks are dropped and counted, or kept', async () => {
  const folder = dataFolder({
    'train.jsonl': [
      { id: '1', text: 'Wheat  rose.', label: 'grain' },
      { id: '2', text: 'Wheat rose. ', label: 'grain' },
      { id: '3', text: 'Wheat rose.', label: 'wheat' },
      { id: '4', text: 'Seen in the test.', label: 'grain' },
      { id: '5', text: 'Seen in validation.', label: 'wheat' },
    ],
    'validation.jsonl': [{ id: 'v', text: 'Seen in validation.', label: 'grain' }],
    'test.jsonl': [
      { id: 't', text: 'Seen  in the test.', label: 'grain' },
      { id: 'u', text: 'Seen in the test.', label: 'grain' },
    ],
  });
  const data = { train: 'train.jsonl', validation: 'validation.jsonl', test: 'test.jsonl', fields };
  const dropped = await prepare(specOf(folder, data));
  expect(await ids(dropped.pool)).toEqual(['1', '3']);
  expect(dropped.dropped).toEqual({ duplicates: 1, leaks: 2 });
  expect(await ids(dropped.test)).toEqual(['t', 'u']); // held-out files stay as they are

  const kept = await prepare(specOf(folder, { ...data, duplicates: 'keep', leaks: 'keep' }));
  expect(await ids(kept.pool)).toEqual(['1', '2', '3', '4', '5']);
  expect(kept.dropped).toEqual({ duplicates: 0, leaks: 0 });
});

test('a source may be narrowed by the ids of another file', async () => {
  const folder = dataFolder({
    'train.jsonl': ['a', 'b', 'c', 'd'].map((id) => ({ id, text: `text ${id}`, label: 'x' })),
    'some.jsonl': [{ id: 'b', other: 1 }, { id: 'd' }, { id: 'not there' }],
  });
  const prepared = await prepare(
    specOf(folder, {
      train: { path: 'train.jsonl', idsIn: 'some.jsonl' },
      validation: { path: 'train.jsonl', idsNotIn: 'some.jsonl' },
      fields,
    }),
  );
  expect(await ids(prepared.pool)).toEqual(['b', 'd']);
  expect(await ids(prepared.validation)).toEqual(['a', 'c']);
});

test('a split takes validation and test from the training rows, with duplicates dropped before', async () => {
  const rows = Array.from({ length: 100 }, (_, row) => ({
    id: `r${row}`,
    text: `text ${row}`,
    label: row < 3 ? 'rare' : 'common',
  }));
  const folder = dataFolder({ 'train.jsonl': [...rows, { ...rows[0], id: 'again' }] });
  const prepared = await prepare(specOf(folder, { train: 'train.jsonl', fields, split: {} }));
  const [pool, validation, held] = await Promise.all([
    ids(prepared.pool),
    ids(prepared.validation),
    ids(prepared.test),
  ]);
  expect([pool.length, validation.length, held.length]).toEqual([70, 10, 20]);
  expect(new Set([...pool, ...validation, ...held])).toEqual(new Set(rows.map(({ id }) => id)));
  expect(await tableOf(prepared)).toMatchObject({ pool: { rare: 2 }, test: { rare: 1 }, unscored: [] });
});

test('a split leaves a file that is given alone, and takes only what is missing', async () => {
  const rows = Array.from({ length: 40 }, (_, row) => ({ id: `r${row}`, text: `text ${row}`, label: 'a' }));
  const folder = dataFolder({ 'train.jsonl': rows, 'test.jsonl': [{ id: 't', text: 'test', label: 'a' }] });
  const data = { train: 'train.jsonl', test: 'test.jsonl', fields, split: { validation: 0.1, test: 0.5 } };
  const prepared = await prepare(specOf(folder, data));
  expect(await ids(prepared.test)).toEqual(['t']);
  expect([prepared.pool.rows, prepared.validation?.rows]).toEqual([36, 4]);
});

test('everything that is wrong in every file is reported at once, and nothing is imported', async () => {
  const folder = dataFolder({
    'train.jsonl': [
      { id: 'a', text: 'fine', label: 'x' },
      { id: 'b', text: '  ', label: 'x' },
      { id: 'c', label: '' },
      '{"id": "d", "text": "broken',
      { id: 'a', text: 'the same id', label: 'x' },
      ['not', 'an', 'object'],
      { id: 'e', text: 5, label: 'two\nlines', topic: 'x' },
      { id: 'f', text: 'text', label: 'x', topic: 'y' },
      { id: 'g', text: 'text', label: '__proto__' },
    ],
    'validation.jsonl': [],
    'test.jsonl': [
      { id: 't', text: 'fine', label: 'x' },
      { id: {}, text: 'fine', label: null },
    ],
  });
  const spec = specOf(folder, { train: 'train.jsonl', validation: 'validation.jsonl', test: 'test.jsonl', fields });
  const failure: unknown = await prepare(spec).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'BaldistillError', type: 'InvalidInput' });
  expect(failure instanceof Error && failure.message).toMatchInlineSnapshot(`
    "The data have 12 problems. Nothing was imported.
      test.jsonl, line 2: id = {}: expected text that is not empty, on one line and without control characters, of at most 512 characters
      test.jsonl, line 2: label: missing; expected text that is not empty, on one line and without control characters, of at most 256 characters
      train.jsonl, line 2: text = "  ": expected text that is not empty
      train.jsonl, line 3: text: missing; expected text that is not empty
      train.jsonl, line 3: label = "": expected text that is not empty, on one line and without control characters, of at most 256 characters
      train.jsonl, line 4: "{\\"id\\": \\"d\\", \\"text\\": \\"broken": expected one whole JSON object
      train.jsonl, line 5: id = "a": expected a unique id; line 1 has the same
      train.jsonl, line 6: ["not","an","object"]: expected a JSON object
      train.jsonl, line 7: text = 5: expected text that is not empty
      train.jsonl, line 7: label = "two\\nlines": expected text that is not empty, on one line and without control characters, of at most 256 characters
      train.jsonl, line 9: label = "__proto__": expected text that is not empty, on one line and without control characters, of at most 256 characters
      validation.jsonl: expected at least one row"
  `);
  await expect(checkData(importer, spec)).rejects.toMatchObject({
    message: failure instanceof Error && failure.message,
  });
});

test('a wrong field map is fifty lines and a count, not a million', async () => {
  const rows = Array.from({ length: 300 }, (_, row) => ({ id: `${row}`, sentence: 'text', label: 'x' }));
  const folder = dataFolder({ 'train.jsonl': rows });
  const spec = specOf(folder, { train: 'train.jsonl', fields });
  const message = await checkData(importer, spec).then(String, (error: unknown) => String(error));
  expect(message).toContain('301 problems');
  expect(message).toContain('text: missing; expected text that is not empty');
  expect(message.split('\n')).toHaveLength(52);
  expect(message.split('\n').at(-1)).toBe('  and 251 more');
});

test('files that are not there, bytes that are no text, and training rows that are all leaks', async () => {
  const folder = dataFolder({
    'train.jsonl': [{ id: 'a', text: 'same', label: 'x' }],
    'test.jsonl': [{ id: 't', text: 'same', label: 'x' }],
  });
  writeFileSync(join(folder, 'bytes.jsonl'), Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
  const reported = async (data: Parameters<typeof specOf>[1]): Promise<string> =>
    await checkData(importer, specOf(folder, data)).then(() => 'nothing', String);
  expect(await reported({ train: 'absent.jsonl', fields })).toContain('ENOENT');
  expect(await reported({ train: 'bytes.jsonl', fields })).toContain('bytes.jsonl, line 1: "{');
  expect(await reported({ train: 'bytes.jsonl', fields })).toContain('expected text in UTF-8');
  expect(await reported({ train: 'train.jsonl', test: 'test.jsonl', fields })).toContain('leaks: keep');
  expect(await reported({ train: 'train.jsonl', test: 'test.jsonl', fields, leaks: 'keep' })).toBe('nothing');
});

test('ids and labels may be anything printable; none becomes a path', async () => {
  const folder = dataFolder({
    'train.jsonl': [
      { id: '../../etc/passwd', text: 'one', label: '/any/../x' },
      { id: 'constructor', text: 'two', label: 'constructor' },
      { id: '💥 "\' ; rm -rf', text: 'three', label: 'c++' },
    ],
  });
  const prepared = await prepare(specOf(folder, { train: 'train.jsonl', fields }));
  expect(await ids(prepared.pool)).toEqual(['../../etc/passwd', 'constructor', '💥 "\' ; rm -rf']);
  expect((await tableOf(prepared)).pool).toEqual({ '/any/../x': 1, constructor: 1, 'c++': 1 });
  expect(existsSync(join(artifactFolder, prepared.pool.sha256.slice(0, 2), prepared.pool.sha256))).toBe(true);
});

test('a file that changes between the two readings is refused', async () => {
  const folder = dataFolder({ 'train.jsonl': [{ id: 'a', text: 'one', label: 'x' }] });
  let readings = 0;
  const changing = createPrepare({
    artifacts,
    importer: {
      ...importer,
      read(spec, part, report) {
        if ((readings += 1) === 2)
          writeFileSync(join(folder, 'train.jsonl'), '{"id":"a","text":"o","label":"x"}\n'.repeat(2));
        return importer.read(spec, part, report);
      },
    },
  });
  await expect(changing(specOf(folder, { train: 'train.jsonl', fields }))).rejects.toMatchObject({
    type: 'InvalidInput',
    message: expect.stringContaining('changed while'),
  });
});

test('the built-in data set comes with all three parts', async () => {
  const prepared = await prepare(specOf('', { builtin: 'wordnet', pool: 500 }));
  const table = await tableOf(prepared);
  expect(prepared.pool.rows).toBe(500);
  expect(Object.keys(table.pool)).toHaveLength(25);
  expect(table.unscored).toEqual([]);
  expect(prepared.dropped).toEqual({ duplicates: 0, leaks: 0 });
});

test('without held-out files and without a word about it, shares of the training rows are held out', async () => {
  const rows = Array.from({ length: 200 }, (_, index) => ({
    id: `r${index}`,
    text: `word${index} here`,
    label: index % 2 ? 'odd' : 'even',
  }));
  const spec = specOf(dataFolder({ 'rows.jsonl': rows }), {
    train: 'rows.jsonl',
    fields: { id: 'id', input: 'text', answer: 'label' },
    split: {},
  });
  const { pool, validation, test: held } = await prepare(spec);
  expect([pool.rows, validation?.rows, held?.rows]).toEqual([140, 20, 40]);
});
