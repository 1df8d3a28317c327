import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { Report } from '../../contracts/report.ts';
import {
  pauseRun,
  progressOfRun,
  resumeRun,
  setBudget,
  stageReported,
  stopAfterStage,
} from '../../workflows/messages.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();
afterEach(async () => await at.rig.behave({ latencyMs: 0, faults: [] }));

const reportOf = (run: string): Report =>
  Report.parse(JSON.parse(readFileSync(join(at.home.path, 'runs', run, 'report.json'), 'utf8')));
const refusal = async (update: Promise<unknown>): Promise<string> => {
  const error = await update.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`not refused: ${String(error)}`);
  return error.cause?.message ?? '';
};

const longTimeout = { timeout: 20_000 };

/** Calls are slow, so that a command arrives in the middle of a stage. */
const slow = { teacher: '{ embedded: simulated, concurrency: 4 }' };

test('no call is sent a second after a pause; resume continues without losing answers', async () => {
  await at.rig.behave({ latencyMs: 150 });
  const handle = await at.home.start(wordnetSpec('paused', { method: 'adaptive-ft-cot', seed: 11 }, slow));
  const before = await at.rig.counters();
  await until(handle, ({ step }) => step === 'generate');
  await expect.poll(async () => (await at.rig.counters()).requests, longTimeout).toBeGreaterThan(before.requests + 8);

  const answer = await handle.executeUpdate(pauseRun);
  expect(answer.status).toBe('paused');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const quiet = await at.rig.counters();
  // Wait a further second, in which no call may be sent.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await at.rig.counters()).toEqual(quiet);
  expect((await handle.query(progressOfRun)).status).toBe('paused');

  await at.rig.behave({ latencyMs: 0 });
  expect((await handle.executeUpdate(resumeRun, { args: [{}] })).status).toBe('running');
  await handle.result();
  const counted = await at.rig.counters();
  expect(counted.billed - before.billed).toBe(120);
  expect(reportOf('paused').ledger).toMatchObject({ charged: 120, forfeited: 0 });
});

test('a stage report that arrives after a newer one is ignored', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const handle = await at.home.start(wordnetSpec('overtaken', { method: 'adaptive-ft-cot', seed: 29 }, slow));
  await until(handle, ({ step }) => step === 'generate');
  await handle.executeUpdate(pauseRun);
  const { stage } = await until(handle, ({ status }) => status === 'paused');
  if (stage === null) throw new Error('the run is in no stage');
  // Two signals from one workflow task may arrive in either order (observed in 1 of 30 runs).
  const report = { stage, status: 'paused' as const, budget: null };
  await handle.signal(stageReported, { ...report, number: 1001, step: 'fine-tune', blocked: null });
  const blocked = { type: 'EndpointDown' as const, message: 'gone', remedy: 'start it', skip: null };
  await handle.signal(stageReported, { ...report, number: 1000, step: 'generate', blocked });
  expect(await handle.query(progressOfRun)).toMatchObject({ step: 'fine-tune', status: 'paused', blocked: null });
  await at.rig.behave({ latencyMs: 0 });
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('invalid messages are refused with a message and change nothing', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const handle = await at.home.start(wordnetSpec('refusing', { method: 'adaptive-ft-cot', seed: 12 }, slow));
  const before = (await at.rig.counters()).requests;
  await until(handle, ({ step }) => step === 'generate');
  await expect.poll(async () => (await at.rig.counters()).requests, longTimeout).toBeGreaterThan(before + 4);
  expect(await refusal(handle.executeUpdate(resumeRun, { args: [{}] }))).toContain('there is nothing to resume');
  expect(
    await refusal(
      handle.executeUpdate(setBudget, { args: [at.home.command(handle.workflowId, 'budget', { calls: 1 })] }),
    ),
  ).toMatch(/below what is charged already: \d+ of 120 calls/);
  const wrong: unknown = at.home.command(handle.workflowId, 'budget', { calls: 'many' });
  expect(await refusal(handle.executeUpdate('setBudget', { args: [wrong] }))).toContain(
    'what `baldistill budget` signed',
  );
  const raised = await handle.executeUpdate(setBudget, {
    args: [at.home.command(handle.workflowId, 'budget', { calls: 500 })],
  });
  expect(raised.message).toContain('of 500 calls');
  await at.rig.behave({ latencyMs: 0 });
  await handle.result();
  await expect(handle.executeUpdate(pauseRun)).rejects.toThrow(/completed/);
});

test('stop after the stage ends the run normally, with test scores and a report', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const handle = await at.home.start(wordnetSpec('stopping', { method: 'adaptive-ft-cot', seed: 13 }, slow));
  await until(handle, ({ step }) => step === 'generate');
  await handle.executeUpdate(stopAfterStage);
  await at.rig.behave({ latencyMs: 0 });
  expect(await handle.result()).toMatchObject({ status: 'stopped', macro: expect.any(Number) });
  expect(reportOf('stopping').stages).toHaveLength(1);
});

test('cancel settles in-flight calls and leaves usable data', async () => {
  await at.rig.behave({ latencyMs: 200 });
  const handle = await at.home.start(wordnetSpec('cancelled', { method: 'adaptive-ft-cot', seed: 14 }, slow));
  await until(handle, ({ step }) => step === 'generate');
  const before = (await at.rig.counters()).requests;
  await expect.poll(async () => (await at.rig.counters()).requests, longTimeout).toBeGreaterThan(before + 6);
  await handle.cancel();
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  expect((await handle.describe()).status.name).toBe('CANCELLED');

  const report = reportOf('cancelled');
  expect(report.status).toBe('stopped');
  expect(report.stages[0]?.counts.real).toBeGreaterThan(4);
  expect(report.stages[0]?.counts.unfilled).toBeGreaterThan(0);
  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  try {
    const { calls } = await ledger.summary({ run: 'cancelled' });
    expect(calls).toMatchObject({ open: 0, forfeited: 0 });
    expect(calls.settled + calls.cached).toBe(report.stages[0]?.counts.real);
    expect((await ledger.run({ run: 'cancelled' }))?.status).toBe('stopped');
  } finally {
    await ledger.close();
  }

  await at.rig.behave({ latencyMs: 0 });
  const billed = (await at.rig.counters()).billed;
  const again = await at.home.start(wordnetSpec('cancelled', { method: 'adaptive-ft-cot', seed: 14 }, slow));
  expect(await again.result()).toMatchObject({ status: 'completed' });
  const paid = (await at.rig.counters()).billed - billed;
  expect(paid).toBeLessThanOrEqual(120 - (report.stages[0]?.counts.real ?? 0));
  expect(reportOf('cancelled')).toMatchObject({ status: 'completed', ledger: { charged: 120, forfeited: 0 } });
});

test('a paused run that is cancelled ends at once, with its data so far', async () => {
  await at.rig.behave({ latencyMs: 150 });
  const handle = await at.home.start(wordnetSpec('paused-cancelled', { method: 'adaptive-ft-cot', seed: 16 }, slow));
  const before = (await at.rig.counters()).requests;
  await until(handle, ({ step }) => step === 'generate');
  await expect.poll(async () => (await at.rig.counters()).requests, longTimeout).toBeGreaterThan(before + 8);
  expect((await handle.executeUpdate(pauseRun)).status).toBe('paused');
  await at.rig.behave({ latencyMs: 0 });
  await handle.cancel();
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  const report = reportOf('paused-cancelled');
  expect(report.status).toBe('stopped');
  expect(report.stages[0]?.counts.real).toBeGreaterThan(4);
});

test('a call limit below the plan stops at the limit; unfilled slots are reported', async () => {
  const spec = wordnetSpec(
    'limited',
    { method: 'adaptive-ft-cot', seed: 15 },
    { budget: '{ slots: 120, calls: 120 }' },
  );
  const limited = { ...spec, budget: { ...spec.budget, calls: 100 } };
  await (await at.home.start(limited)).result();
  const report = reportOf('limited');
  expect(report.ledger.charged).toBe(100);
  const unfilled = report.stages.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => Object.entries(outcome.unfilled)),
  );
  expect(unfilled.every(([reason]) => reason === 'calls')).toBe(true);
  expect(unfilled.reduce((sum, [, count]) => sum + count, 0)).toBe(20);
});

test('an endpoint that is down blocks the run; after its restart on another port the run resumes', async () => {
  await at.rig.stopEmbedded();
  const handle = await at.home.start(wordnetSpec('down', { method: 'random-ft-cot', seed: 16 }));
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked).toMatchObject({ type: 'EndpointDown', remedy: expect.stringContaining('resume') });
  await at.rig.startEmbedded();
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});
