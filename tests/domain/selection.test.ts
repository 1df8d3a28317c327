import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawRandom, takeDistinct, takeHighest } from '../../domain/selection/selection.ts';

const ids = (rows: readonly { id: string }[]): string[] => rows.map((row) => row.id);

test('the highest scores come first, failed scores last', () => {
  const rows = [
    { id: 'low', score: -2 },
    { id: 'failed', score: null },
    { id: 'high', score: 3 },
    { id: 'not a number', score: Number.NaN },
    { id: 'middle', score: 0 },
  ];
  expect(ids(takeHighest(rows, 3, 1))).toEqual(['high', 'middle', 'low']);
  expect(
    ids(takeHighest(rows, 9, 1))
      .slice(3)
      .sort(),
  ).toEqual(['failed', 'not a number']);
  expect(takeHighest(rows, 0, 1)).toEqual([]);
});

test('ties are decided by seed and id, never by the order of the rows', () => {
  const rows = Array.from({ length: 40 }, (_, row) => ({ id: `row-${row}`, score: row % 2 }));
  fc.assert(
    fc.property(fc.shuffledSubarray(rows, { minLength: 40 }), fc.integer({ min: 0, max: 40 }), (mixed, quota) => {
      expect(takeHighest(mixed, quota, 5)).toEqual(takeHighest(rows, quota, 5));
      expect(drawRandom(mixed, quota, 5, 'draw')).toEqual(drawRandom(rows, quota, 5, 'draw'));
    }),
    { numRuns: 60 },
  );
  expect(ids(takeHighest(rows, 10, 5))).not.toEqual(ids(takeHighest(rows, 10, 6)));
});

test('distinct outputs first, over all domains of a stage; then rank order again', () => {
  const rows = ['a', 'a', 'b', 'a', null, null].map((output, rank) => ({ id: `${rank}`, score: -rank, output }));
  const chosen = new Set<string>();
  expect(ids(takeDistinct(rows, 2, chosen, 1))).toEqual(['0', '2']);
  // What one domain took is not new to the next; what was written for no row repeats nothing.
  expect(ids(takeDistinct(rows, 3, chosen, 1))).toEqual(['4', '5', '0']);
  expect(ids(takeDistinct(rows, 9, new Set(), 1))).toEqual(['0', '2', '4', '5', '1', '3']);
});

test('a row without a score comes after every repeat, whatever it wrote', () => {
  const rows = [
    { id: 'first', score: 2, output: 'a' },
    { id: 'repeat', score: 1, output: 'a' },
    { id: 'not scored', score: null, output: 'new' },
    { id: 'wrote nothing', score: Number.NaN, output: null },
  ];
  expect(ids(takeDistinct(rows, 2, new Set(), 1))).toEqual(['first', 'repeat']);
  const all = ids(takeDistinct(rows, 9, new Set(), 1));
  expect([all.slice(0, 2), all.slice(2).sort()]).toEqual([
    ['first', 'repeat'],
    ['not scored', 'wrote nothing'],
  ]);
});

test('a draw takes exactly what it is asked for, each row about equally often', () => {
  const rows = Array.from({ length: 10 }, (_, row) => ({ id: `${row}` }));
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 2000; seed += 1) {
    const drawn = drawRandom(rows, 3, seed);
    expect(new Set(ids(drawn)).size).toBe(3);
    for (const id of ids(drawn)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const row of rows) expect(Math.abs((counts.get(row.id) ?? 0) - 600)).toBeLessThan(100);
  expect(drawRandom(rows, 50, 1)).toHaveLength(10);
  expect(drawRandom([], 3, 1)).toEqual([]);
});
