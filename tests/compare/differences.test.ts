/** Methods are compared on equal test rows only, also if the test file was edited between two seeds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { differencesIn } from '../../activities/comparison/differences.ts';
import type { GatheredCell } from '../../activities/comparison/gather.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import type { Prediction } from '../../contracts/records.ts';
import { openTask } from '../../domain/tasks/open-task.ts';
import { blocksOf } from '../../report/comparison/groups.ts';

const folder = mkdtempSync(join(tmpdir(), 'baldistill-differences-'));
afterAll(() => rmSync(folder, { recursive: true }));
const artifacts = createFileArtifacts(folder);
const task = openTask('classification', ['a', 'b']);

/** A cell whose answers to these rows are correct where `right` is true. */
async function answered(method: string, seed: number, ids: readonly string[], right: boolean): Promise<GatheredCell> {
  const rows = ids.map((id, index): Prediction => {
    const gold = index % 2 === 0 ? 'a' : 'b';
    return { id, domain: gold, gold, output: '', predicted: right || gold === 'a' ? gold : 'a' };
  });
  const scores = { metrics: await artifacts.writeJson({}), predictions: await artifacts.writeLines(rows) };
  const cell: GatheredCell['cell'] = {
    run: `${method}-${seed}`,
    data: 'rows',
    method,
    student: 's',
    budgets: ['B1'],
    slots: 20,
    capped: false,
    stages: 1,
    seed,
    status: 'completed',
    reason: null,
    macro: 0.5,
    micro: 0.5,
    groups: { head: null, middle: null, tail: null },
    callLimit: 20,
    charged: 20,
    seconds: 1,
  };
  return { cell, interval: null, scores };
}

async function difference(rowsOfSeed: readonly (readonly string[])[]) {
  const cells = await Promise.all(
    ['base', 'good'].flatMap((method) =>
      rowsOfSeed.map(async (ids, seed) => await answered(method, seed, ids, method === 'good')),
    ),
  );
  const [block] = blocksOf(cells, ['B1'], ({ cell }) => cell);
  if (block === undefined) throw new Error('no block');
  const found = await differencesIn(artifacts, block, 'base', new Map([['rows', task]]));
  return [...found.values()][0]?.get('rows');
}

const rows = Array.from({ length: 12 }, (_, index) => `row-${index}`);

test('only seeds with the rows of the first pair count; more, fewer or other rows are left out', async () => {
  const alone = await difference([rows, rows]);
  expect(alone).toMatchObject({ seeds: 2 });
  expect(alone?.mean).toBeGreaterThan(0);
  for (const edited of [[...rows, 'more', 'and more'], rows.slice(2), rows.map((id) => `${id}-edited`)])
    expect(await difference([rows, edited, rows])).toEqual(alone);
});
