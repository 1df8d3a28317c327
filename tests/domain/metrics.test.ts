import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Metrics } from '../../contracts/metrics.ts';
import { classificationMetrics, labelInterval, labelScores } from '../../domain/metrics/metrics.ts';
import { reportingGroups, shortOfBalancedShare } from '../../domain/metrics/reporting-groups.ts';

const judge = (gold: string, predicted: string | null, times = 1): { gold: string; predicted: string | null }[] =>
  Array.from({ length: times }, () => ({ gold, predicted }));

const asSets = (rows: readonly { gold: string; predicted: string | null }[]) =>
  rows.map(({ gold, predicted }) => ({
    domain: gold,
    gold: [gold],
    predicted: predicted === null ? [] : [predicted],
  }));

// Worked out by hand: a 6 rows (4 right, 1 as b, 1 invalid), b 3 rows (2 right, 1 as a), c 1 row (as a).
const judged = [
  ...judge('a', 'a', 4),
  ...judge('a', 'b'),
  ...judge('a', null),
  ...judge('b', 'b', 2),
  ...judge('b', 'a'),
  ...judge('c', 'a'),
];
const evaluation = {
  judged,
  labels: ['a', 'b', 'c', 'd'],
  scored: ['a', 'b', 'c'],
  pool: { a: 100, b: 30, c: 10 },
  slots: 60,
  seed: 0,
};

test('three classes by hand: F1 of a 2/3, of b 2/3, of c 0; macro 4/9, micro 0.6', () => {
  const metrics = classificationMetrics(evaluation);
  expect(metrics.domains.map(({ domain, label, score }) => [domain, label?.precision, label?.recall, score])).toEqual([
    ['a', 4 / 6, 4 / 6, 2 / 3],
    ['b', 2 / 3, 2 / 3, 2 / 3],
    ['c', 0, 0, 0],
    ['d', 0, 0, 0],
  ]);
  expect(metrics.macro).toBeCloseTo(4 / 9, 12);
  expect(metrics.micro).toBe(0.6);
  expect(metrics).toMatchObject({ rows: 10, invalid: 1 });
  expect(metrics.domains.map(({ scored, group, short, pool }) => [scored, group, short, pool])).toEqual([
    [true, 'head', false, 100],
    [true, 'middle', false, 30],
    [true, 'tail', true, 10],
    [false, 'tail', true, 0],
  ]);
  expect(metrics.groups).toEqual([
    { group: 'head', domains: 1, rows: 6, macro: 2 / 3 },
    { group: 'middle', domains: 1, rows: 3, macro: 2 / 3 },
    { group: 'tail', domains: 1, rows: 1, macro: 0 },
  ]);
  expect(Metrics.parse(JSON.parse(JSON.stringify(metrics)))).toEqual(metrics);
});

test('an invalid output is wrong for its own label and no false positive', () => {
  const [a, b] = labelScores(asSets([...judge('a', null), ...judge('b', 'b')]), ['a', 'b']);
  expect(a).toMatchObject({ support: 1, predicted: 0, f1: 0 });
  expect(b).toMatchObject({ support: 1, predicted: 1, precision: 1, recall: 1, f1: 1 });
});

test('labels named like parts of an object count like any other', () => {
  const metrics = classificationMetrics({
    judged: [...judge('constructor', 'constructor'), ...judge('toString', 'constructor')],
    labels: ['constructor', 'toString'],
    scored: ['constructor', 'toString'],
    pool: { constructor: 3 },
    slots: 4,
    seed: 0,
  });
  expect(metrics.domains.map(({ pool }) => pool)).toEqual([3, 0]);
  expect(metrics.macro).toBeCloseTo(1 / 3, 12);
});

test('nothing evaluated gives zeros, not NaN', () => {
  const metrics = classificationMetrics({ ...evaluation, judged: [], scored: [], pool: {}, labels: [] });
  expect(metrics).toMatchObject({ macro: 0, micro: 0, interval: { low: 0, high: 0 } });
});

test('F1 of two counts agrees with precision and recall', () => {
  const outcome = fc.record({
    gold: fc.constantFrom('a', 'b', 'c'),
    predicted: fc.constantFrom('a', 'b', 'c', 'elsewhere', null),
  });
  fc.assert(
    fc.property(fc.array(outcome), (rows) => {
      for (const { precision, recall, f1 } of labelScores(asSets(rows), ['a', 'b', 'c'])) {
        const harmonic = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
        expect(f1).toBeCloseTo(harmonic, 12);
      }
    }),
  );
});

test('reporting groups: head from the balanced share on, tail below half of it', () => {
  expect([...reportingGroups({ a: 50, b: 25, c: 13, d: 12 })]).toEqual([
    ['a', 'head'],
    ['b', 'head'],
    ['c', 'middle'],
    ['d', 'tail'],
  ]);
  expect([...shortOfBalancedShare({ a: 10, b: 9 }, 20)]).toEqual(['b']);
});

test('the interval is seeded, holds macro, and does not depend on the order of the rows', () => {
  const macro = classificationMetrics(evaluation).macro;
  const interval = labelInterval(asSets(judged), 1);
  expect(interval.low).toBeLessThan(macro);
  expect(interval.high).toBeGreaterThan(macro);
  expect(labelInterval(asSets(judged.toReversed()), 1)).toEqual(interval);
  expect(labelInterval(asSets(judged), 2)).not.toEqual(interval);
});

test('resamples are stratified: a label that is always right stays right, a lone row never disappears', () => {
  const rows = [...judge('a', 'a', 500), ...judge('b', 'b')];
  expect(labelInterval(asSets(rows), 0)).toEqual({ low: 1, high: 1 });
});
