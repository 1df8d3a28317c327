/** The charges of a run in batch mode, its estimate, and when `mode: auto` uses batches. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { planOfRun } from '../../cli/estimate/estimate-run.ts';
import type { RunPlan } from '../../cli/estimate/estimate-run.ts';
import { Report } from '../../contracts/report.ts';
import type { Range } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';
import { openStories, wordnetSpec } from '../engine/rig.ts';
import { batchesAt, slotsWithoutOneAnswer } from './support.ts';

const at = openStories();
const ledgerFile = (): string => join(at.home.path, 'ledger.sqlite');
const report = (run: string): Report =>
  Report.parse(JSON.parse(readFileSync(join(at.home.path, 'runs', run, 'report.json'), 'utf8')));

const rates = { input: 10, output: 40 };
const batch = { input: 5, output: 20 };

interface Story {
  readonly noise: number;
  readonly sending: string;
  readonly budget?: string;
  readonly stages?: number;
}

/** 60 slots per stage, with a teacher that has a price. No story shares answers with another one. */
function specOf(name: string, { noise, sending, budget = '{ slots: 60 }', stages = 1 }: Story): RunSpec {
  const price = `{ input: ${rates.input}, output: ${rates.output}, batch: { input: ${batch.input}, output: ${batch.output} } }`;
  const model = `simulated-wordnet?noise=${noise}&pool=600`;
  return wordnetSpec(
    name,
    { method: 'adaptive-ft-cot', stages, seed: 7 },
    {
      teacher: `{ baseUrl: '${at.rig.embedded().url}', model: '${model}', price: ${price}, ${sending} }`,
      student: '{ driver: none }',
      budget,
    },
  );
}

interface Paid {
  readonly byBatch: boolean;
  readonly charged: number;
  readonly full: number;
  readonly half: number;
}

/** The charge of each call that a run paid for, and the cost of its tokens at both prices. */
function paidBy(run: string): Paid[] {
  return queryLedger(
    ledgerFile(),
    `select charges.micro_usd as charged, input_tokens as i, output_tokens as o, batch
     from charges join calls using (call_id) left join batch_lines using (call_id)
     where charges.run = '${run}' and role = 'payer' and calls.state in ('settled', 'recovered')`,
  ).map((row) => {
    const [input, output] = [Number(row['i']), Number(row['o'])];
    return {
      byBatch: row['batch'] !== null,
      charged: Number(row['charged']),
      full: input * rates.input + output * rates.output,
      half: input * batch.input + output * batch.output,
    };
  });
}

async function outcomeOf(
  spec: RunSpec,
): Promise<{ readonly paid: Paid[]; readonly batches: number; readonly plan: RunPlan }> {
  const plan = await planOfRun(at.home.path, spec);
  const had = (await batchesAt(at.rig.embedded().url)).length;
  expect(await (await at.home.start(spec)).result()).toMatchObject({ status: 'completed' });
  expect(slotsWithoutOneAnswer(ledgerFile(), spec.name)).toEqual([]);
  expect(violations(ledgerFile())).toEqual([]);
  const ledger = await openLedger({ path: ledgerFile() });
  try {
    expect(await ledger.audit({ run: spec.name })).toEqual([]);
  } finally {
    await ledger.close();
  }
  const batches = (await batchesAt(at.rig.embedded().url)).length - had;
  const paid = paidBy(spec.name);
  for (const { byBatch, charged, full, half } of paid) expect(charged).toBe(byBatch ? half : full);
  expectWithin(
    plan.estimate.teacher.microUsd,
    paid.reduce((sum, { charged }) => sum + charged, 0),
  );
  return { paid, batches, plan };
}

function expectWithin(range: Range | null, actual: number): void {
  expect(range).not.toBeNull();
  expect(actual).toBeGreaterThanOrEqual(range?.low ?? Infinity);
  expect(actual).toBeLessThanOrEqual(range?.high ?? -Infinity);
}

const likely = ({ estimate }: RunPlan): number => estimate.teacher.microUsd?.likely ?? 0;

test('calls in batches are charged and estimated at the batch price', async () => {
  const spec = specOf('halved', { noise: 0.21, sending: 'output: text, mode: batch, batch: { maxRequests: 25 }' });
  const { paid, batches, plan } = await outcomeOf(spec);
  expect(batches).toBe(3);
  expect(paid.map(({ byBatch }) => byBatch)).toEqual(Array.from({ length: 60 }, () => true));
  const { teacher } = spec;
  if (teacher === undefined) throw new Error('a teacher');
  const single = await planOfRun(at.home.path, {
    ...spec,
    name: 'single',
    seed: 8,
    teacher: { ...teacher, mode: 'sync' },
  });
  const other = await planOfRun(at.home.path, { ...spec, name: 'batched', seed: 8 });
  expect(likely(other) / likely(single)).toBeCloseTo(0.5, 4);
  expect(plan.estimate.assumptions).toContainEqual(expect.stringContaining('up to 24 hours'));
});

test('a limit in money admits the calls that fit at the batch price, and more after refunds', async () => {
  // The worst case of a call in a batch is about 0.025 USD, mostly for output, so about ten fit at the same time.
  const budget = '{ slots: 60, usd: 0.3 }';
  const { paid, batches } = await outcomeOf(
    specOf('capped', { noise: 0.22, sending: 'output: text, mode: batch', budget }),
  );
  expect(paid).toHaveLength(60);
  expect(batches).toBeGreaterThan(1);
  expect(
    queryLedger(ledgerFile(), `select max(micro_usd) <= 300000 as within from events where run = 'capped'`),
  ).toEqual([{ within: 1 }]);
});

test.each([
  ['json-schema', 1, 0.23],
  ['none', 0, 0.24],
] as const)(
  'where answers are structured by %s, %i call that finds out goes by itself at its own price; the others by batch',
  async (structured, single, noise) => {
    await at.rig.behave({ structured });
    const name = `formed-by-${structured}`;
    const spec = specOf(name, { noise, sending: 'mode: batch' });
    expect(spec.teacher?.output).toBe('auto');
    const { paid, batches } = await outcomeOf(spec);
    await at.rig.behave({ structured: 'json-schema' });
    expect(batches).toBe(1);
    expect(paid.filter(({ byBatch }) => !byBatch)).toHaveLength(single);
    expect(paid).toHaveLength(60);
    expect(report(name).prompts.output).toBe(structured === 'none' ? 'text' : structured);
  },
);

test.each([
  ['large enough', 'minimum: 60', 1, 1],
  ['too small', 'minimum: 61', 1, 0],
  ['in time', 'minimum: 60, deadlineHours: 25', 1, 1],
  ['too late', 'minimum: 60, deadlineHours: 23', 1, 0],
  ['too late for two stages, in time for the second', 'minimum: 60, deadlineHours: 25', 2, 1],
])('`auto` with a round that is %s', async (description, batchKeys, stages, expected) => {
  const noise = 0.3 + description.length / 1000;
  const sending = `output: text, mode: auto, batch: { ${batchKeys} }`;
  const name = `auto-${description.replaceAll(/\W+/g, '-')}`;
  const { paid, batches } = await outcomeOf(
    specOf(name, { noise, sending, stages, budget: `{ slots: ${60 * stages} }` }),
  );
  expect(batches).toBe(expected);
  expect(paid.filter(({ byBatch }) => byBatch)).toHaveLength(60 * expected);
  expect(paid).toHaveLength(60 * stages);
});
