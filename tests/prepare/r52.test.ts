import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { prepare, specOf, tableOf } from './world.ts';

const folder = join(process.env['BALDISTILL_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'r52');
const there = existsSync(join(folder, 'teacher.jsonl'));
const data = {
  train: { path: 'train.jsonl', idsIn: 'teacher.jsonl' },
  validation: { path: 'train.jsonl', idsNotIn: 'teacher.jsonl' },
  test: 'test.jsonl',
  fields: { id: 'id', domain: 'domain', instruction: 'instruction', input: 'input', answer: 'answer' },
};

test.skipIf(!there)(
  `R52: pool 5,045 with its repeats, validation 1,487 in 30 topics, test 2,568 in 52 (skipped without ${folder})`,
  async () => {
    const kept = await prepare(specOf(folder, { ...data, duplicates: 'keep' }));
    const table = await tableOf(kept);
    expect(kept.dropped).toEqual({ duplicates: 0, leaks: 0 });
    expect([kept.pool.rows, kept.validation?.rows, kept.test?.rows]).toEqual([5045, 1487, 2568]);
    expect(table.labels).toHaveLength(52);
    expect([table.pool, table.validation, table.test].map((counts) => Object.keys(counts).length)).toEqual([
      52, 30, 52,
    ]);
    expect(table.unscored).toEqual([]);

    const dropped = await prepare(specOf(folder, data));
    expect(dropped.dropped).toEqual({ duplicates: 62, leaks: 0 });
  },
);
