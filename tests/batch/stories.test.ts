import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { progressOfStage } from '../../workflows/messages.ts';
import type { stage } from '../../workflows/stage/stage.ts';
import type { Progress } from '../../contracts/progress.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { pauseRun, resumeRun } from '../../workflows/messages.ts';
import { openStories, until, wordnetSpec } from '../engine/rig.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';
import { batchesAt, slotsWithoutOneAnswer } from './support.ts';

const at = openStories();
const ledgerFile = (): string => join(at.home.path, 'ledger.sqlite');
const origin = (): string => at.rig.embedded().url;
const training = (run: string): string => readFileSync(join(at.home.path, 'runs', run, 'train.jsonl'), 'utf8');

/** 60 slots per stage, in batch mode. Each story has a different noise, so that it finds no answers of another story. */
function specOf(name: string, noise: number, batch = 'maxRequests: 25', budget = '{ slots: 60 }', stages = 1): RunSpec {
  return wordnetSpec(
    name,
    { method: 'adaptive-ft-cot', stages, seed: 7 },
    {
      teacher: `{ embedded: simulated, noise: ${noise}, mode: batch, batch: { ${batch} } }`,
      student: '{ driver: none }',
      budget,
    },
  );
}

function isAtRest({ status }: Progress): boolean {
  return status === 'blocked' || status === 'completed';
}

async function audited(run: string): Promise<void> {
  const ledger = await openLedger({ path: ledgerFile() });
  try {
    expect(await ledger.audit({ run })).toEqual([]);
    expect(violations(ledgerFile())).toEqual([]);
  } finally {
    await ledger.close();
  }
}

test('a run in batch mode fills every slot once and writes the same training set as a run with single calls', async () => {
  const before = await at.rig.counters();
  const spec = specOf('by-batch', 0.11, 'maxRequests: 25', '{ slots: 120 }', 2);
  expect(await (await at.home.start(spec)).result()).toMatchObject({ status: 'completed' });
  expect((await at.rig.counters()).billed - before.billed).toBe(120);
  const batches = await batchesAt(origin());
  // Batches are submitted in parallel, so in any order.
  const sizes = batches.map(({ request_counts: counts }) => counts.total).toSorted((one, other) => one - other);
  expect(sizes).toEqual([10, 10, 25, 25, 25, 25]);
  expect(slotsWithoutOneAnswer(ledgerFile(), 'by-batch')).toEqual([]);
  await audited('by-batch');

  const other = at.rig.home();
  const worker = await other.worker();
  const { teacher } = spec;
  if (teacher === undefined) throw new Error('a teacher');
  await (await other.start({ ...spec, name: 'by-call', teacher: { ...teacher, mode: 'sync' } })).result();
  expect(readFileSync(join(other.path, 'runs', 'by-call', 'train.jsonl'), 'utf8')).toBe(training('by-batch'));
  worker.shutdown();
  await worker.stopped;

  // A run with the same calls finds the answers in either mode.
  const billed = (await at.rig.counters()).billed;
  await (await at.home.start({ ...spec, name: 'again', teacher: { ...teacher, mode: 'sync' } })).result();
  expect((await at.rig.counters()).billed).toBe(billed);
});

test('after an expired batch, failed lines and missing lines, only the missing calls are resent', async () => {
  const before = await at.rig.counters();
  const had = (await batchesAt(origin())).length;
  await at.rig.behave({
    batches: {
      lineMs: 0,
      mostLines: 50_000,
      mostBytes: 200_000_000,
      mostTokens: null,
      expire: { share: 0.6, batches: 1 },
      fail: { every: 10, status: 429, batches: 2 },
      lose: { every: 7, batches: 1 },
    },
  });
  const spec = specOf('mishaps', 0.12, 'maxRequests: 30', '{ slots: 120, calls: 130 }', 2);
  expect(await (await at.home.start(spec)).result()).toMatchObject({ status: 'completed' });
  const mine = (await batchesAt(origin())).slice(had);
  expect(
    mine
      .slice(0, 2)
      .map(({ status }) => status)
      .toSorted(),
  ).toEqual(['completed', 'expired']);
  // Expired and rate-limited lines were refunded and resent. Two missing lines were billed: they stay charged and are reissued.
  const [run] = queryLedger(ledgerFile(), `select charged, settled, forfeited from runs where name = 'mishaps'`);
  expect(run).toEqual({ charged: 122, settled: 120, forfeited: 2 });
  expect((await at.rig.counters()).billed - before.billed).toBe(122);
  expect(slotsWithoutOneAnswer(ledgerFile(), 'mishaps')).toEqual([]);
  // The time in a batch is not stored as latency, which estimates use for single calls.
  const timed = `select count(latency_ms) as calls from calls where run = 'mishaps'`;
  expect(queryLedger(ledgerFile(), timed)).toEqual([{ calls: 0 }]);
  await audited('mishaps');
});

test('a permanently refused line leaves its slot empty and unbilled; a batch of only such lines does not block', async () => {
  await at.rig.behave({
    batches: {
      lineMs: 0,
      mostLines: 50_000,
      mostBytes: 2e8,
      mostTokens: null,
      fail: { every: 1, status: 422, batches: 1 },
    },
  });
  const spec = specOf('refused', 0.13, 'maxRequests: 60');
  expect(await (await at.home.start(spec)).result()).toMatchObject({ status: 'completed' });
  const [run] = queryLedger(ledgerFile(), `select charged, refused from runs where name = 'refused'`);
  expect(run).toEqual({ charged: 0, refused: 60 });
  await audited('refused');
});

test('a batch that ends without an answer blocks the run; a resume submits the missing lines', async () => {
  await at.rig.behave({
    batches: { lineMs: 0, mostLines: 5, mostBytes: 2e8, mostTokens: null },
  });
  const handle = await at.home.start(specOf('too-long', 0.14));
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked).toMatchObject({
    type: 'BatchFailed',
    message: expect.stringMatching(
      /ended as failed without an answer: The file holds \d+ requests; at most 5 are allowed\.$/,
    ),
  });
  await at.rig.behave({ batches: { lineMs: 0, mostLines: 50_000, mostBytes: 2e8, mostTokens: null } });
  // A second batch, submitted in parallel, has failed too, which the stage finds when it continues.
  for (let progress = await until(handle, isAtRest); progress.status === 'blocked';) {
    expect(progress.blocked?.message).toMatch(/at most 5 are allowed\.$/);
    await handle.executeUpdate(resumeRun, { args: [{}] });
    progress = await until(handle, isAtRest);
  }
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  expect(slotsWithoutOneAnswer(ledgerFile(), 'too-long')).toEqual([]);
  await audited('too-long');
});

test('the queue limit of the endpoint is never exceeded', async () => {
  const had = (await batchesAt(origin())).length;
  await at.rig.behave({ batches: { lineMs: 1, mostLines: 50_000, mostBytes: 2e8, mostTokens: 12_000 } });
  const spec = specOf('queued', 0.15, 'maxRequests: 20, maxTokens: 12000');
  expect(await (await at.home.start(spec)).result()).toMatchObject({ status: 'completed' });
  const mine = (await batchesAt(origin())).slice(had);
  expect(mine.every(({ status }) => status === 'completed')).toBe(true);
  await audited('queued');
});

test('a pause keeps running batches and submits none; progress is reported', async () => {
  const had = (await batchesAt(origin())).length;
  await at.rig.behave({ batches: { lineMs: 40, mostLines: 50_000, mostBytes: 2e8, mostTokens: null } });
  const handle = await at.home.start(specOf('paused', 0.16, 'maxRequests: 60'));
  await until(handle, ({ budget }) => (budget?.charged ?? 0) === 60);
  const child = at.rig.client.workflow.getHandle<typeof stage>('paused/stage-0');
  await expect.poll(async () => (await child.query(progressOfStage)).done, { timeout: 20_000 }).toBeGreaterThan(3);
  expect((await child.query(progressOfStage)).batch).toMatchObject({ batches: 1, ended: 0, lines: 60 });
  await handle.executeUpdate(pauseRun);
  await at.rig.behave({ batches: { lineMs: 0, mostLines: 50_000, mostBytes: 2e8, mostTokens: null } });
  await expect
    .poll(() => queryLedger(ledgerFile(), `select settled from runs where name = 'paused'`), { timeout: 20_000 })
    .toEqual([{ settled: 60 }]);
  expect(await batchesAt(origin())).toHaveLength(had + 1);
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  await audited('paused');
});

test('a run that is stopped at once cancels its batches and keeps their finished lines', async () => {
  const had = (await batchesAt(origin())).length;
  const before = await at.rig.counters();
  await at.rig.behave({ batches: { lineMs: 30, mostLines: 50_000, mostBytes: 2e8, mostTokens: null } });
  const handle = await at.home.start(specOf('stopped', 0.17, 'maxRequests: 30'));
  await expect
    .poll(async () => (await at.rig.counters()).billed - before.billed, { interval: 10, timeout: 20_000 })
    .toBeGreaterThan(10);
  await handle.cancel();
  await handle.result().catch(() => undefined);
  const mine = (await batchesAt(origin())).slice(had);
  expect(mine.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
  const billed = (await at.rig.counters()).billed - before.billed;
  const [run] = queryLedger(ledgerFile(), `select charged, settled, forfeited, open from runs where name = 'stopped'`);
  expect(run).toEqual({ charged: billed, settled: billed, forfeited: 0, open: 0 });
  expect(training('stopped').split('\n').length).toBeGreaterThan(5);
  await audited('stopped');
});
