/** The estimate of a comparison: the sum of its runs is the upper bound, and paid answers cost nothing. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { estimateComparison } from '../../estimate/estimate-comparison.ts';
import type { ComparisonEstimate } from '../../estimate/estimate-comparison.ts';
import { mostOf, mostOfCells } from '../../cli/estimate/confirm-spending.ts';
import { planningWorld, planOfRun } from '../../cli/estimate/estimate-run.ts';
import { priceComparison } from '../../cli/estimate/estimate-comparison.ts';
import type { PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import type { Range } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { queryLedger } from '../ledger/ledger-file.ts';
import { openStories, wordnetSpec } from '../engine/rig.ts';

const at = openStories();

const model = 'simulated-wordnet?noise=0.2&pool=600';
const teacherAt = (cost = ', price: { input: 1, output: 4 }'): string =>
  `{ baseUrl: '${at.rig.embedded().url}', model: '${model}'${cost} }`;

/** Two methods with two seeds each; together they need more rows than the pool has. */
function grid(teacher = teacherAt()): RunSpec[] {
  const switches = '{ balance: naive, onMismatch: answer-only }';
  const budget = '{ slots: 200, calls: 210 }';
  return [5, 6].flatMap((seed) => [
    wordnetSpec(`drawn-${seed}`, { method: 'random-ft-cot', seed }, { teacher, student: '{ driver: none }', budget }),
    wordnetSpec(`even-${seed}`, { seed }, { teacher, switches, budget }),
  ]);
}

const cellOf = (spec: RunSpec): PlannedRun => {
  return { spec, data: 'wordnet', method: spec.method, student: 'default', budgets: [], capped: false };
};

async function price(specs: readonly RunSpec[]) {
  const [first] = specs;
  if (first === undefined) throw new Error('a grid');
  const { prepared, pool } = await planOfRun(at.home.path, first);
  const dataSets = [{ name: 'wordnet', counts: pool, prepared }];
  return await priceComparison(at.home.path, { runs: specs.map(cellOf), dataSets });
}

function expectWithin(range: Range | null, actual: number): void {
  expect(range).not.toBeNull();
  expect(actual).toBeGreaterThanOrEqual(range?.low ?? Infinity);
  expect(actual).toBeLessThanOrEqual(range?.high ?? -Infinity);
}

const sumOfCells = ({ cells }: ComparisonEstimate, level: keyof Range): number =>
  cells.reduce((sum, { teacher }) => sum + teacher.inputTokens[level], 0);

test('a comparison costs at most the sum of its runs, and completed runs cost nothing more', async () => {
  const specs = grid();
  const before = await price(specs);
  expect(before).toMatchObject({ completed: 0, unknown: 0 });
  const { estimate } = before;
  expect(estimate.teacher.inputTokens.high).toBe(sumOfCells(estimate, 'high'));
  // All runs may share their answers with the largest one.
  expect(estimate.teacher.inputTokens.low).toBeLessThan(sumOfCells(estimate, 'low'));

  const [drawn, ...others] = specs;
  if (drawn === undefined) throw new Error('a grid');
  await (await at.home.start(drawn)).result();
  const after = await price(specs);
  expect(after.completed).toBe(1);
  expect(after.estimate.cells.map(({ spec }) => spec.name).toSorted()).toEqual(
    others.map(({ name }) => name).toSorted(),
  );
  expect(after.estimate.teacher.microUsd?.high).toBeLessThan(estimate.teacher.microUsd?.high ?? 0);

  for (const spec of others) await (await at.home.start(spec)).result();
  const paidBy = (names: readonly string[]): Record<string, unknown> =>
    queryLedger(
      join(at.home.path, 'ledger.sqlite'),
      `select sum(charges.micro_usd) as money, sum(input_tokens) as input, sum(output_tokens) as output
       from charges join calls using (call_id) where role = 'payer' and charges.run in ('${names.join("', '")}')`,
    )[0] ?? {};
  for (const [{ teacher }, names] of [
    [estimate, specs.map(({ name }) => name)],
    [after.estimate, others.map(({ name }) => name)],
  ] as const) {
    const { money, input, output } = paidBy(names);
    expectWithin(teacher.microUsd, Number(money));
    expectWithin(teacher.inputTokens, Number(input));
    expectWithin(teacher.outputTokens, Number(output));
  }
  const done = await price(specs);
  expect(done.completed).toBe(4);
  expect(mostOfCells(done.estimate)).toEqual({ microUsd: 0, unpriced: 0, unpricedJobs: 0 });
});

test('runs that differ only in their seed are estimated once', async () => {
  const spec = wordnetSpec('many', { method: 'random-ft-cot' }, { teacher: teacherAt() });
  const { prepared } = await planOfRun(at.home.path, spec);
  const world = planningWorld(at.home.path, null);
  let readings = 0;
  const counting: typeof world = {
    ...world,
    artifacts: {
      ...world.artifacts,
      readLines(reference, schema) {
        if (reference.sha256 === prepared.pool.sha256) readings += 1;
        return world.artifacts.readLines(reference, schema);
      },
    },
  };
  const runs = Array.from({ length: 60 }, (_, seed) => ({ spec: { ...spec, name: `many-${seed}`, seed }, prepared }));
  const { cells } = await estimateComparison(counting, runs);
  expect(cells).toHaveLength(60);
  expect(readings).toBeLessThanOrEqual(2);
});

test('cost without a known price is counted in calls, never as zero', async () => {
  const known = grid().slice(0, 1);
  const [unknown] = grid(teacherAt('').replace(/http:[^']*/, 'https://teacher.example.com/v1'));
  if (unknown === undefined) throw new Error('a grid');
  const { estimate } = await price([...known, { ...unknown, name: 'unknown' }]);
  expect(estimate.teacher.microUsd).toBeNull();
  expect(mostOfCells(estimate)).toMatchObject({ unpriced: 210 });
});

test('a run with a price for one part only is confirmed for that cost and for the calls of the other part', async () => {
  const student = '{ baseUrl: "https://student.example.com/v1", model: s }';
  const spec = wordnetSpec('half', { method: 'random-ft-cot' }, { teacher: teacherAt(), student });
  const { estimate } = await planOfRun(at.home.path, spec);
  expect(mostOf(spec, estimate)).toEqual({
    microUsd: estimate.teacher.microUsd?.high,
    unpriced: spec.budget.calls,
    unpricedJobs: spec.stages,
  });
});
