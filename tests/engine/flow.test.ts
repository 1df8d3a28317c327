/** Flow control of real runs: limits that the endpoint enforces, shared limits, changes during a run, and metrics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';
import { readBoard } from '../../adapters/flow/worker-board.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { progressOfStage, setFlow } from '../../workflows/messages.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();
afterEach(async () => await at.rig.behave({ latencyMs: 0, faults: [], limits: null, servers: null }));

/** 120 slots in one stage, and no student. */
const start = async (name: string, seed: number, teacher: string) =>
  await at.home.start(wordnetSpec(name, { method: 'random-ft-cot', seed }, { teacher, student: '{ driver: none }' }));

async function callsOf(run: string) {
  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  try {
    return (await ledger.summary({ run })).calls;
  } finally {
    await ledger.close();
  }
}

test('two runs share one limit that the endpoint reports, and refusals cost no call', async () => {
  await at.rig.behave({ latencyMs: 20, limits: { requestsPerMinute: 1800, burstSeconds: 1, headers: true } });
  const before = await at.rig.counters();
  const startedAt = Date.now();
  const teacher = '{ embedded: simulated, concurrency: 16 }';
  const runs = await Promise.all([start('sharing-one', 61, teacher), start('sharing-two', 62, teacher)]);
  await Promise.all(runs.map(async (run) => await run.result()));
  const seconds = (Date.now() - startedAt) / 1000;
  const { requests, billed } = await at.rig.counters();
  // Both runs draw some of the same rows.
  const paid = billed - before.billed;
  expect(paid).toBeGreaterThan(200);
  expect(paid).toBeLessThanOrEqual(30 * (seconds + 1));
  // The first burst finds the limit; afterwards it is kept.
  expect(requests - before.requests - paid).toBeLessThanOrEqual(32);
  for (const name of ['sharing-one', 'sharing-two'])
    expect(await callsOf(name)).toMatchObject({ forfeited: 0, open: 0 });
});

test('limits can be changed while a run is running, and its data stay the same', async () => {
  const training = (run: string): string => readFileSync(join(at.home.path, 'runs', run, 'train.jsonl'), 'utf8');
  await at.rig.behave({ latencyMs: 5 });
  const handle = await start('steered-flow', 63, '{ embedded: simulated, limits: { requestsPerMinute: 120 } }');
  await until(handle, ({ step }) => step === 'generate');
  await expect
    .poll(() => readBoard(at.home.path)[0]?.endpoints[0]?.limits.requestsPerMinute, { timeout: 20_000 })
    .toBeCloseTo(118.8);
  await expect(
    handle.executeUpdate(setFlow, { args: [at.home.command(handle.workflowId, 'flow', { concurrency: 0 })] }),
  ).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
  const answer = await handle.executeUpdate(setFlow, {
    args: [at.home.command(handle.workflowId, 'flow', { concurrency: 8, requestsPerMinute: null })],
  });
  expect(answer.message).toBe('The teacher is asked with at most 8 in flight, no limit a minute.');
  // At two a second it would take a minute.
  await handle.result();
  expect(await callsOf('steered-flow')).toMatchObject({ forfeited: 0, open: 0 });
  const quiet = await start('quiet-flow', 63, '{ embedded: simulated }');
  await quiet.result();
  expect(training('steered-flow')).toBe(training('quiet-flow'));
});

test('status, progress and metrics show the flow', async () => {
  await at.rig.behave({ latencyMs: 50 });
  const handle = await start('watched', 64, '{ embedded: simulated, concurrency: 4 }');
  const mine = () => readBoard(at.home.path)[0]?.endpoints[0]?.runs.find(({ run }) => run === 'watched')?.flow;
  await expect.poll(() => mine()?.answered ?? 0, { timeout: 20_000 }).toBeGreaterThan(10);
  const { inFlight = 0, failed } = mine() ?? {};
  expect(inFlight).toBeGreaterThan(0);
  expect(inFlight).toBeLessThanOrEqual(4);
  expect(failed).toEqual({});
  expect(mine()?.p95Ms).toBeGreaterThanOrEqual(50);
  const [worker] = readBoard(at.home.path);
  const metrics = await (await fetch(worker?.metrics ?? '')).text();
  const labels = 'endpoint="embedded simulated teacher",run="watched"';
  expect(metrics).toMatch(new RegExp(`baldistill_calls_in_flight{${labels}} [1-4]`));
  expect(metrics).toMatch(new RegExp(`baldistill_calls_total{${labels},end="answered"} [1-9]`));
  expect(metrics).toMatch(/baldistill_charged\{run="watched",currency="calls"\} [1-9]/);
  expect(metrics).toMatch(/baldistill_seconds_left\{run="watched"\} [0-9.]+/);
  await handle.result();
  const { flow } = await at.rig.client.workflow.getHandle('watched/stage-0').query(progressOfStage);
  // Other rows were answered for the runs above.
  expect(flow).toMatchObject({ inFlight: 0, waiting: 0 });
  expect(flow?.answered).toBeGreaterThan(10);
});

test('a response that stalls is aborted long before the timeout, and the run continues', async () => {
  await at.rig.behave({ faults: [{ status: 'stall-body', when: 'after', every: 1, count: 1, headers: {} }] });
  const startedAt = Date.now();
  const run = await start('stalling', 59, '{ embedded: simulated, timeout: 600, stallTimeout: 1.1 }');
  expect(await run.result()).toMatchObject({ status: 'completed' });
  expect(Date.now() - startedAt).toBeLessThan(120_000);
  expect(await callsOf('stalling')).toMatchObject({ forfeited: 1 });
  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  const reasons = (await ledger.entries({ run: 'stalling' })).map(({ reason }) => reason);
  await ledger.close();
  expect(reasons).toContain('stalled');
});
