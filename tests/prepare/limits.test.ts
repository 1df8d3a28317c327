/** Values that are too large are refused where the data are read, all at once, with file, line, value and expectation. */
import { expect, test } from 'vitest';
import { checkData } from '../../activities/data/prepare.ts';
import { RunSpec } from '../../contracts/run/run-file.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { dataFolder, fields, importer, prepare, rowsOf, specOf } from './world.ts';

const row = (id: string, change: object = {}) => ({ id, topic: 't', text: `text ${id}`, label: 'x', ...change });

async function refusal(rows: readonly object[], task: TaskName = 'classification', more: object = {}): Promise<string> {
  const folder = dataFolder({ 'train.jsonl': rows });
  const spec = specOf(folder, { train: 'train.jsonl', fields: { ...fields, ...more } });
  const error: unknown = await checkData(importer, RunSpec.parse({ ...spec, task })).catch((caught: unknown) => caught);
  return error instanceof Error ? error.message : 'no problem';
}

test('ids, labels, domains and texts that are too long, each with its line and the start of its value', async () => {
  const message = await refusal([
    row('a'),
    row('i'.repeat(513)),
    row('b', { label: 'L'.repeat(257) }),
    row('c', { topic: 'T'.repeat(1_000_000) }),
    row('d', { text: 'x'.repeat(1_048_576) }),
  ]);
  const oneLine = 'expected text that is not empty, on one line and without control characters, of at most';
  expect(message.split('\n')).toEqual([
    'The data have 4 problems. Nothing was imported.',
    `  train.jsonl, line 2: id = "${'i'.repeat(56)}...: ${oneLine} 512 characters`,
    `  train.jsonl, line 3: label = "${'L'.repeat(56)}...: ${oneLine} 256 characters`,
    `  train.jsonl, line 4: topic = "${'T'.repeat(56)}...: ${oneLine} 256 characters`,
    `  train.jsonl, line 5: text = "${'x'.repeat(56)}...: expected at most 1048576 bytes of text in a row, not 1048612`,
  ]);
});

test('the longest values there may be are imported as they are', async () => {
  const longest = row('i'.repeat(512), { label: 'L'.repeat(256), topic: 'T'.repeat(256), text: 'x'.repeat(1_048_000) });
  const folder = dataFolder({ 'train.jsonl': [longest] });
  const { pool } = await prepare(specOf(folder, { train: 'train.jsonl', fields }));
  expect(await rowsOf(pool)).toEqual([
    {
      id: longest.id,
      domain: longest.topic,
      instruction: expect.any(String),
      input: longest.text,
      answer: longest.label,
    },
  ]);
});

test('choices are as many as there are letters, and a row has so many labels', async () => {
  const choices = Array.from({ length: 27 }, (_, index) => `choice ${index}`);
  expect(await refusal([row('a', { label: 'A', choices })], 'multiple-choice', { choices: 'choices' })).toContain(
    'line 1: choices = ["choice 0","choice 1"',
  );
  const labels = Array.from({ length: 101 }, (_, index) => `label-${index}`);
  expect(await refusal([row('a', { label: labels })], 'multi-label', { answer: undefined, labels: 'label' })).toContain(
    'expected 1 to 100 labels, each text that is not empty',
  );
  expect(await refusal([row('a', { label: labels.join('; ') })], 'multi-label')).toContain(
    'expected at most 100 labels, each of at most 256 characters',
  );
  expect(await refusal([row('a', { label: labels.slice(0, 60).join('; ') })], 'multi-label')).toBe('no problem');
});

test('a free answer may be long, unless it is the domain too', async () => {
  const long = row('a', { label: 'word '.repeat(200) });
  expect(await refusal([long], 'generic')).toBe('no problem');
  expect(await refusal([long], 'generic', { domain: undefined })).toContain(
    'expected at most 256 characters, since the answer is the domain too; or name data.fields.domain',
  );
});

test('a data set with an answer of its own in every row is no classification', async () => {
  const rows = Array.from({ length: 10_001 }, (_, index) => row(`r${index}`, { label: `free text ${index}` }));
  expect(await refusal(rows)).toContain('all data files: expected at most 10000 labels; is fields.answer a free text?');
  const few = Array.from({ length: 500 }, (_, index) => row(`r${index}`, { label: `${index}`.padEnd(256, '-') }));
  expect(await refusal(few)).toContain('at most 100000 characters in all labels together');
});
