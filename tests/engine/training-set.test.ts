/** The exported training set: Parquet, JSONL, a data card, and `export` of runs in every state. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createProgram } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { pauseRun, stopAfterStage } from '../../workflows/messages.ts';
import { openRig, until, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
let home: Home;
const scratch = mkdtempSync(join(tmpdir(), 'baldistill-export-'));

beforeAll(async () => {
  rig = await openRig();
  home = rig.home(0.4);
  await home.worker();
});
afterAll(async () => {
  await rig.close();
  rmSync(scratch, { recursive: true });
});

const folderOf = (run: string): string => join(home.path, 'runs', run);
const bytesOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
const linesOf = (path: string): object[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => z.looseObject({}).parse(JSON.parse(line)));
const rowsOf = async (path: string) => await parquetReadObjects({ file: await asyncBufferFromFile(path) });

/** Runs `baldistill` with these arguments and returns its output. */
async function outputOf(...args: string[]): Promise<{ printed: unknown[]; notes: string[] }> {
  const printed: unknown[] = [];
  const notes: string[] = [];
  const terminal: Terminal = {
    home: home.path,
    print: (text) => void printed.push(text),
    printJson: (value) => void printed.push(value),
    note: (text) => void notes.push(text),
  };
  await createProgram(terminal, '0', () => undefined).parseAsync(args, { from: 'user' });
  return { printed, notes };
}

test('a run also writes its training set as Parquet, with the same examples in the same order, and reproducible bytes', async () => {
  await (await home.start(wordnetSpec('first'))).result();
  const path = join(folderOf('first'), 'train.parquet');
  const rows = await rowsOf(path);
  expect(rows.map(({ messages }) => ({ messages }))).toEqual(linesOf(join(folderOf('first'), 'train.jsonl')));
  const provenance = linesOf(join(folderOf('first'), 'train.provenance.jsonl'));
  expect(rows).toEqual(provenance.map((line) => expect.objectContaining(line)));
  const { created_by, key_value_metadata } = await parquetMetadataAsync(await asyncBufferFromFile(path));
  expect({ created_by, key_value_metadata }).toEqual({ created_by: 'baldistill', key_value_metadata: undefined });

  const slower = { teacher: '{ embedded: simulated, concurrency: 3 }' };
  await (await home.start(wordnetSpec('second', {}, slower))).result();
  expect(bytesOf(join(folderOf('second'), 'train.parquet'))).toBe(bytesOf(path));
});

test('the data card describes the set in the format of the hub', async () => {
  const card = readFileSync(join(folderOf('first'), 'README.md'), 'utf8');
  const [, front = '', body = ''] = card.split(/^---$/m);
  expect(parse(front)).toEqual({
    pretty_name: 'first',
    license: 'other',
    license_name: 'wordnet',
    task_categories: ['text-classification', 'text-generation'],
    size_categories: ['n<1K'],
    tags: ['distillation', 'synthetic'],
    configs: [{ config_name: 'default', data_files: [{ split: 'train', path: 'train.parquet' }] }],
  });
  const rows = await rowsOf(join(folderOf('first'), 'train.parquet'));
  const [real, synthetic, duplicate] = ['real', 'synthetic', 'duplicate'].map(
    (origin) => rows.filter((row) => row['origin'] === origin).length,
  );
  expect(synthetic).toBeGreaterThan(0);
  expect(body).toContain(`| all | ${real} | ${synthetic} | ${duplicate} |`);
  for (const expected of [
    '120 training examples',
    'simulated teacher (20 %',
    '| seed | 0 |',
    '`baldistill-a`',
    'WordNet 3.1',
  ])
    expect(body).toContain(expected);
  expect(body).not.toContain('Partial');
});

test('export of a finished run, in either format, gives the same bytes', async () => {
  const to = join(scratch, 'done');
  const { printed, notes } = await outputOf('export', 'first', '--to', to, '--json');
  const reported = { run: 'first', status: 'completed', folder: to, rows: 120, stages: 3 };
  expect(printed).toEqual([{ ...reported, files: ['train.parquet', 'README.md'] }]);
  expect(notes).toEqual([]);
  expect(bytesOf(join(to, 'train.parquet'))).toBe(bytesOf(join(folderOf('first'), 'train.parquet')));
  await outputOf('export', 'first', '--format', 'jsonl');
  for (const file of ['train.jsonl', 'train.provenance.jsonl'])
    expect(bytesOf(join(folderOf('first'), 'export', file))).toBe(bytesOf(join(folderOf('first'), file)));
  const card = readFileSync(join(folderOf('first'), 'export', 'README.md'), 'utf8');
  expect(card).toContain('path: train.jsonl');
});

test('export of a running, then stopped run: the examples of its closed stages', async () => {
  await rig.behave({ latencyMs: 100 });
  const handle = await home.start(wordnetSpec('halfway', { method: 'adaptive-ft-cot', seed: 5 }));
  await expect(outputOf('export', 'halfway')).rejects.toThrow(/no run "halfway"|has closed no stage yet/);
  await until(handle, ({ finished }) => finished.length === 1);
  await handle.executeUpdate(pauseRun);
  const to = join(scratch, 'halfway');
  const { printed, notes } = await outputOf('export', 'halfway', '--to', to);
  expect(printed).toEqual([`40 examples in ${to}: train.parquet, README.md`]);
  expect(notes).toEqual([expect.stringMatching(/^The run is \w+: this is what its first 1 of 3 stages hold\.$/)]);
  expect(readFileSync(join(to, 'README.md'), 'utf8')).toMatch(/> Partial: the run is \w+\. .* first 1 of its 3 stages/);
  const before = await rowsOf(join(to, 'train.parquet'));

  await handle.executeUpdate(stopAfterStage);
  await rig.behave({ latencyMs: 0 });
  await handle.cancel();
  await handle.result().catch(() => undefined);
  await outputOf('export', 'halfway', '--to', to);
  const after = await rowsOf(join(to, 'train.parquet'));
  expect(after.slice(0, 40)).toEqual(before);
  expect(after.map(({ messages }) => ({ messages }))).toEqual(linesOf(join(folderOf('halfway'), 'train.jsonl')));
});
