/** What commands say where they cannot go on: which limit, which file, why no table. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { passedLimits } from '../../cli/runs/adopt-ledger.ts';
import { tellTable } from '../../cli/compare/attach-comparison.ts';
import { comparisonPaths } from '../../cli/compare/comparison-files.ts';
import { refuseForeign } from '../../cli/runs/export-folder.ts';
import { refuseComparison } from '../../cli/runs/open-run.ts';
import { keptNotes } from '../../cli/compare/open-comparison.ts';
import type { Terminal } from '../../cli/terminal.ts';

const scratch = mkdtempSync(join(tmpdir(), 'baldistill-reports-'));
let home = '';
beforeEach(() => {
  home = mkdtempSync(join(scratch, 'home-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

const silent = (): never => expect.unreachable();

test('adopting: the limit that was passed, with the value that lets it through', () => {
  const budget = {
    charged: 10,
    limit: 120,
    tokens: { charged: 900, limit: 800 },
    microUsd: { charged: 0, limit: 1_500_000 },
  };
  expect(passedLimits({ calls: 121, tokens: 0, microUsd: 0 }, budget)).toEqual(['--calls 121']);
  expect(passedLimits({ calls: 120, tokens: 850, microUsd: 1_500_001 }, budget)).toEqual(['--usd 1.500001']);
  expect(passedLimits({ calls: 1, tokens: 901, microUsd: 0 }, budget)).toEqual(['--tokens 901']);
  const unlimited = { ...budget, tokens: { charged: 0, limit: null } };
  expect(passedLimits({ calls: 1, tokens: 901, microUsd: 0 }, unlimited)).toEqual([]);
});

test('a comparison without its tables: which file, and why', () => {
  const notes: string[] = [];
  const terminal: Terminal = { home, print: silent, printJson: silent, note: (line) => void notes.push(line) };
  const { folder, json } = comparisonPaths(home, 'c');
  for (const reason of [`there is no ${json}`, `${json} is from another version`]) {
    expect(tellTable(terminal, 'c', false)).toBe(1);
    expect(notes[0]).toContain(reason);
    expect(notes[1]).toContain('`compare` command');
    notes.length = 0;
    mkdirSync(folder, { recursive: true });
    writeFileSync(json, '{ "version": 0 }');
  }
});

test('a folder with files of others is not written to', () => {
  const files = ['train.jsonl', 'train.provenance.jsonl', 'README.md'];
  const write = (name: string, text: string): void => writeFileSync(join(home, name), text);
  refuseForeign(join(home, 'nowhere'), files);
  write('notes.txt', 'mine');
  refuseForeign(home, files);
  write('train.jsonl', '{}');
  expect(() => refuseForeign(home, files)).toThrow('train.jsonl already');
  refuseForeign(home, ['train.parquet', 'README.md']);
  write('README.md', '# My project, with baldistill.\n');
  expect(() => refuseForeign(home, files)).toThrow('train.jsonl and README.md already');
});

test('the name of a comparison is refused to a run, unless the ledger knows the run', () => {
  refuseComparison(home, undefined, 'c');
  const { folder, plan } = comparisonPaths(home, 'c');
  mkdirSync(folder, { recursive: true });
  writeFileSync(plan, '{}');
  expect(() => refuseComparison(home, undefined, 'c')).toThrow('"c" is the name of a comparison.');
});

test('a comparison that is joined says what it keeps, and nothing where nothing differs', () => {
  const now = { limit: 100, window: 2 };
  expect(keptNotes('c', now, now)).toEqual([]);
  expect(keptNotes('c', { limit: 80, window: 2 }, now)).toEqual([
    expect.stringContaining('the limit 80 it was started with, not with the limit 100 of the file'),
  ]);
  expect(keptNotes('c', undefined, now)).toHaveLength(1);
});
