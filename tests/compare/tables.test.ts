/** The tables of a comparison: what is best, what counts, what is left out, and that text in data is never markup. */
import { expect, test } from 'vitest';
import type { Comparison, ComparisonCell, ComparisonData } from '../../contracts/comparison/comparison.ts';
import type { PairedDifference } from '../../domain/statistics/paired-bootstrap.ts';
import { comparisonCsv } from '../../report/comparison/csv.ts';
import { curvesOf } from '../../report/comparison/curves.ts';
import { blocksOf } from '../../report/comparison/groups.ts';
import type { RowGroup } from '../../report/comparison/groups.ts';
import { comparisonMarkdown } from '../../report/comparison/markdown.ts';
import type { ScoredCell } from '../../report/comparison/scored-cell.ts';
import { blockOf } from '../../report/comparison/table.ts';

const data = (name: string, macro: number): ComparisonData => ({
  name,
  task: 'classification',
  metric: 'f1',
  pool: 100,
  test: 50,
  domains: 5,
  majority: { answer: 'x', macro, micro: 0.5 },
});

function scored(method: string, on: string, seed: number, macro: number | null, stages = 1): ScoredCell {
  const cell: ComparisonCell = {
    run: `c,data=${on},method=${method},seed=${seed},slots=20,stages=${stages},student=s`,
    data: on,
    method,
    student: 's',
    budgets: ['B1'],
    slots: 20,
    capped: false,
    stages,
    seed,
    status: macro === null ? 'failed' : 'completed',
    reason: macro === null ? '=cmd|<script>alert(1)</script>\u001B[2J | **x**' : null,
    macro,
    micro: macro,
    groups: { head: macro, middle: null, tail: macro },
    callLimit: 20,
    charged: 20,
    seconds: 1,
  };
  return { cell, interval: macro === null ? null : { low: macro - 0.05, high: macro + 0.05 } };
}

const difference = (mean: number, p: number): PairedDifference & { seeds: number } => {
  return { mean, low: mean - 0.1, high: mean + 0.1, p, seeds: 2 };
};

const cells = [
  ...[0, 1].map((seed) => scored('random', 'topics', seed, 0.4 + seed / 10)),
  ...[0, 1].map((seed) => scored('random', 'noise', seed, 0.2)),
  ...[0, 1].map((seed) => scored('good', 'topics', seed, 0.7, 3)),
  ...[0, 1].map((seed) => scored('good', 'topics', seed, 0.8, 5)),
  ...[0, 1].map((seed) => scored('bad', 'topics', seed, seed === 0 ? 0.3 : null)),
  scored('bad', 'noise', 0, 0.21),
];
const sets = [data('topics', 0.05), data('noise', 0.19)];
const [group] = blocksOf(cells, ['B1', 'B2'], ({ cell }) => cell);
if (group === undefined) throw new Error('no block');
const raw = new Map<RowGroup<ScoredCell>, Map<string, PairedDifference & { seeds: number }>>();
for (const row of group.rows) {
  const [mean, p] = row.method === 'bad' ? [-0.2, 0.03] : [0.3, 0.001];
  if (row.method !== 'random') raw.set(row, new Map([['topics', difference(mean, p)]]));
}
const block = blockOf(group, sets, 'random', raw);

const comparison: Comparison = {
  version: 1,
  name: 'c',
  status: 'failed',
  plan: 'a'.repeat(64),
  writtenAt: '2026-01-01T00:00:00.000Z',
  baseline: 'random',
  calls: { limit: 100, charged: 80 },
  simulated: [],
  dataSets: sets,
  methods: [{ name: 'random', method: 'random-ft-cot', switches: { refill: 0 } }],
  blocks: [block],
  curves: curvesOf(
    cells.map(({ cell }) => cell),
    ['B1'],
    'random',
  ),
  cells: cells.map(({ cell }) => cell),
};

test('rows by method, and by stages where a method has several; means, spread, best, verdicts after Holm', () => {
  expect(block.rows.map(({ label }) => label)).toEqual(['random', 'good, K = 3', 'good, K = 5', 'bad']);
  const [random, , best, bad] = block.rows.map(({ entries }) => entries[0]);
  expect(random).toMatchObject({ seeds: 2, of: 2, macro: { mean: 0.45 }, best: false, difference: null });
  expect(random?.macro?.deviation).toBeCloseTo(0.0707, 4);
  expect(best).toMatchObject({ best: true, difference: { verdict: 'better', adjusted: 0.003 } });
  expect(bad).toMatchObject({
    seeds: 1,
    of: 2,
    macro: { deviation: null },
    difference: { verdict: 'worse', adjusted: 0.03 },
  });
});

test('a data set that no method beats chance on is not in the mean', () => {
  expect(block.columns.map(({ signal }) => signal)).toEqual([true, false]);
  expect(block.rows.map(({ mean }) => mean)).toEqual([0.45, 0.7, 0.8, 0.3].map((mean) => expect.closeTo(mean, 10)));
  expect(block.rows.map(({ best }) => best)).toEqual([false, false, true, false]);
});

test('a curve over stages, with the baseline as its mark', () => {
  const topics = comparison.curves.filter((curve) => curve.data === 'topics');
  expect(topics.map(({ over, method, points }) => [over, method, points.map(({ x }) => x)])).toEqual([
    ['stages', 'random', [1]],
    ['stages', 'good', [3, 5]],
    ['stages', 'bad', [1]],
  ]);
  expect(comparison.curves.some((curve) => curve.data === 'noise')).toBe(false);
});

test('the Markdown says all of it, and a hostile reason stays text', () => {
  const markdown = comparisonMarkdown(comparison);
  expect(markdown).toContain('| good, K = 5 | **0.800 ± 0.000**\\* / 0.800 | – | **0.800** |');
  expect(markdown).toContain('| bad | 0.300† / 0.300 (1 of 2 seeds) | **0.210** / 0.210 | 0.300 |');
  expect(markdown).toContain('not in the mean: noise');
  expect(markdown).not.toContain('<script>');
  expect(markdown).not.toContain('\u001B');
});

test('the CSV has a line a cell, and no spreadsheet takes a reason for a formula', () => {
  const csv = comparisonCsv(comparison);
  expect(csv.split('\n').filter((line) => line.startsWith('"c,data='))).toHaveLength(cells.length);
  expect(csv).toContain(`"'=cmd|`.slice(1));
  expect(csv).not.toMatch(/,=cmd/);
});
