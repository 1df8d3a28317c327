import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holm } from '../../domain/statistics/holm.ts';
import { macroOf } from '../../domain/metrics/macro-shares.ts';
import { pairedBootstrap } from '../../domain/statistics/paired-bootstrap.ts';
import { seededRandom } from '../../domain/random.ts';
import { spreadOf } from '../../domain/statistics/spread.ts';
import { openTask, taskNames } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';

const label = fc.constantFrom('a', 'b', 'c', 'd');
const judged = fc.array(
  fc.record({ gold: label, predicted: fc.option(fc.oneof(label, fc.constant('e'))) }).map((row) => ({
    ...row,
    domain: row.gold,
  })),
  { minLength: 1, maxLength: 40 },
);
const ones = (rows: number): Int32Array => new Int32Array(rows).fill(1);

/** Accuracy over rows that are right with some chance. */
function method(seed: number, rows: number, chance: number) {
  const random = seededRandom(seed, 'rows');
  const right = Array.from({ length: rows }, () => Number(random.next() < chance));
  return macroOf(right.map((won) => [{ unit: 'all', won, of: 1, own: true }]));
}

function strata(rows: number): number[][] {
  return [Array.from({ length: rows }, (_, row) => row)];
}

describe('macro as shares', () => {
  const task = openTask('classification', ['a', 'b', 'c', 'd', 'e']);
  const macro = (rows: Parameters<typeof task.shares>[0][]): number => {
    const evaluation = { judged: rows, pool: { a: 1, b: 1, c: 1, d: 1 }, slots: 4, seed: 0 };
    return task.metrics(evaluation).macro;
  };

  test('each row once: the macro of the metrics', () => {
    fc.assert(
      fc.property(judged, (rows) => {
        expect(macroOf(rows.map((row) => task.shares(row)))(ones(rows.length))).toBeCloseTo(macro(rows), 12);
      }),
      { numRuns: 100 },
    );
  });

  test('a row counted n times: the macro of a set that holds it n times', () => {
    fc.assert(
      fc.property(judged, fc.integer({ min: 1, max: 1000 }), (rows, seed) => {
        const random = seededRandom(seed);
        // Each at least once: which labels count does not change with the draw.
        const times = Int32Array.from(rows, () => 1 + random.int(3));
        const repeated = rows.flatMap((row, index) => Array.from({ length: times[index] ?? 0 }, () => row));
        expect(macroOf(rows.map((row) => task.shares(row)))(times)).toBeCloseTo(macro(repeated), 12);
      }),
      { numRuns: 100 },
    );
  });
});

/** Golds and what was read from outputs, as each task spells them. */
const answers = {
  classification: ['a', 'b', 'c', 'd'],
  'multi-label': ['a', 'a; b', 'b; c; d', 'd'],
  'multiple-choice': ['A', 'B', 'C', 'D'],
  math: ['1', '0.5', '1/2', '-3'],
  'abstractive-qa': ['a red fox', 'the fox', 'red', 'a hen house'],
  generic: ['a b', 'A B.', 'b', 'c'],
} satisfies Record<TaskName, string[]>;

test.each(taskNames)('%s: the shares of its rows make the macro of its metrics', (name) => {
  const task = openTask(name, ['a', 'b', 'c', 'd']);
  const answer = fc.constantFrom(...answers[name]);
  const row = fc.record({ domain: label, gold: answer, predicted: fc.option(answer) });
  const rows = name === 'classification' ? judged : fc.array(row, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(rows, (given) => {
      const { macro } = task.metrics({ judged: given, pool: { a: 4, b: 3, c: 2, d: 1 }, slots: 4, seed: 0 });
      expect(macroOf(given.map((one) => task.shares(one)))(ones(given.length))).toBeCloseTo(macro, 12);
    }),
    { numRuns: 50 },
  );
});

describe('paired bootstrap', () => {
  test('a method against itself: no difference, p = 1', () => {
    const one = method(1, 200, 0.6);
    expect(pairedBootstrap([{ candidate: one, baseline: one }], strata(200), { seed: 0 })).toEqual({
      mean: 0,
      low: 0,
      high: 0,
      p: 1,
    });
  });

  test('the other way round: the same interval with the other sign, the same p', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
        const [first, second] = [method(seed, 60, 0.5), method(seed + 1, 60, 0.6)];
        const options = { seed, resamples: 200 };
        const forth = pairedBootstrap([{ candidate: first, baseline: second }], strata(60), options);
        const back = pairedBootstrap([{ candidate: second, baseline: first }], strata(60), options);
        expect(back.mean).toBeCloseTo(-forth.mean, 12);
        expect(back.low).toBeCloseTo(-forth.high, 12);
        expect(back.p).toBeCloseTo(forth.p, 12);
        expect(forth.low).toBeLessThanOrEqual(forth.high);
      }),
      { numRuns: 20 },
    );
  });

  test('a clear difference over several seeds is found; the same seed gives the same figures', () => {
    const pairs = [0, 1, 2, 3].map((seed) => ({
      candidate: method(seed, 300, 0.8),
      baseline: method(seed + 50, 300, 0.5),
    }));
    const found = pairedBootstrap(pairs, strata(300), { seed: 3 });
    expect(found.low).toBeGreaterThan(0.2);
    expect(found.high).toBeLessThan(0.4);
    expect(found.p).toBeLessThan(0.01);
    expect(pairedBootstrap(pairs, strata(300), { seed: 3 })).toEqual(found);
  });

  test('where there is no difference, p is below 0.05 about one time in twenty', () => {
    const found = Array.from({ length: 200 }, (_, run) => {
      const pairs = [{ candidate: method(2 * run, 150, 0.5), baseline: method(2 * run + 1, 150, 0.5) }];
      return pairedBootstrap(pairs, strata(150), { seed: run, resamples: 200 }).p;
    });
    const share = found.filter((p) => p < 0.05).length / found.length;
    expect(share).toBeGreaterThan(0.01);
    expect(share).toBeLessThan(0.12);
  });
});

describe('Holm', () => {
  test('the textbook case', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  test('never below p nor above Bonferroni, in the order of p, whatever the order of the methods', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }), (values) => {
        const adjusted = holm(values);
        for (const [index, p] of values.entries()) {
          expect(adjusted[index]).toBeGreaterThanOrEqual(p);
          expect(adjusted[index]).toBeLessThanOrEqual(Math.min(1, p * values.length));
          for (const [other, q] of values.entries())
            if (p < q) expect(adjusted[index]).toBeLessThanOrEqual(adjusted[other] ?? 0);
        }
        expect(holm(values.toReversed())).toEqual(adjusted.toReversed());
      }),
    );
  });
});

test('mean and sample standard deviation', () => {
  expect(spreadOf([])).toBeNull();
  expect(spreadOf([3])).toEqual({ mean: 3, deviation: null });
  expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])?.deviation).toBeCloseTo(Math.sqrt(32 / 7), 12);
});
