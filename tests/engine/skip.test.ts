import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';
import { Report } from '../../contracts/report.ts';
import type { distill } from '../../workflows/index.ts';
import { pauseRun, resumeRun, setBudget, skipStep, stopAfterStage } from '../../workflows/messages.ts';
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
const blockedRun = async (handle: WorkflowHandle<typeof distill>) =>
  await until(handle, ({ status, blocked }) => status === 'blocked' && blocked !== null);

/** A teacher that refuses the key from its `from`-th call on, for ever. */
const broken = (from: number) => ({
  faults: [{ status: 401, when: 'before' as const, from, every: 1, headers: {}, delayMs: 0 }],
});
test('skip in generate closes the stage with what it has; slots that were not sent are not charged', async () => {
  await at.rig.behave(broken(30));
  const handle = await at.home.start(wordnetSpec('skip-generate', { method: 'adaptive-ft-cot', seed: 31 }));
  const { blocked } = await blockedRun(handle);
  expect(blocked).toMatchObject({ type: 'EndpointRefusesKey', skip: 'close the stage with the answers it has' });
  expect(
    await refusal(
      handle.executeUpdate(setBudget, { args: [at.home.command(handle.workflowId, 'budget', { calls: 1 })] }),
    ),
  ).toMatch(/below what is charged already: \d+ of 120 calls/);
  expect(
    (await handle.executeUpdate(setBudget, { args: [at.home.command(handle.workflowId, 'budget', { calls: 130 })] }))
      .message,
  ).toContain('of 130 calls');
  expect((await handle.executeUpdate(pauseRun)).status).toBe('blocked');
  await at.rig.behave({ faults: [] });
  expect(await handle.executeUpdate(skipStep)).toEqual({
    status: 'paused',
    message: 'Skipped: close the stage with the answers it has.',
  });
  expect((await handle.executeUpdate(resumeRun, { args: [{}] })).status).toBe('running');
  expect(await handle.result()).toMatchObject({ status: 'completed', macro: expect.any(Number) });
  const { stages, ledger } = reportOf('skip-generate');
  expect(stages.map(({ skipped }) => skipped)).toEqual([['generate'], [], []]);
  expect(stages[0]?.counts.real).toBeGreaterThan(0);
  expect(stages[0]?.counts.unfilled).toBeGreaterThan(0);
  expect(stages[0]?.studentModel).not.toBeNull();
  const uncharged = stages.reduce((sum, { counts }) => sum + counts.unfilled + counts.duplicated, 0);
  expect(ledger.charged).toBe(120 - uncharged);
  expect(ledger.limit).toBe(130);
});

/** Holds a run where the student of its first stage is trained and not evaluated yet. */
async function beforeEvaluation(name: string, seed: number): Promise<WorkflowHandle<typeof distill>> {
  // A training that is over at once would be evaluated before the pause arrives.
  await at.rig.behave({ trainingPauseMs: 400 });
  const handle = await at.home.start(wordnetSpec(name, { method: 'baldistill-a', seed }));
  await until(handle, ({ stage, step }) => stage === 0 && step === 'fine-tune');
  expect((await handle.executeUpdate(pauseRun)).status).toBe('paused');
  await until(handle, ({ status, step }) => status === 'paused' && step === 'evaluate');
  await at.rig.behave({ trainingPauseMs: 0 });
  return handle;
}

test('skip in fine-tune keeps the student of an earlier stage; skip in the test goes without its scores', async () => {
  const handle = await beforeEvaluation('skip-tune', 32);
  await at.rig.behave({ latencyMs: 30 });
  await handle.executeUpdate(resumeRun, { args: [{}] });
  await until(handle, ({ stage, step }) => stage === 1 && step === 'generate');
  await at.rig.stopEmbedded();
  try {
    // The teacher is gone too: first the round is blocked, then the fine-tuning.
    expect((await blockedRun(handle)).step).toBe('generate');
    expect((await handle.executeUpdate(skipStep)).message).toContain('answers it has');
    const tuning = await until(handle, ({ step, status }) => step !== 'generate' && status === 'blocked');
    expect(tuning.step).toBe('fine-tune');
    expect(tuning.blocked?.skip).toMatch(/^keep the student of an earlier stage, ft:naive-bayes:stage-0:/);
    expect((await handle.executeUpdate(stopAfterStage)).message).toContain('resume or skip comes first');
    await handle.executeUpdate(skipStep);
    const testing = await until(handle, ({ step, status }) => step === 'test' && status === 'blocked');
    expect(testing.blocked?.skip).toBe('end the run without test scores');
    expect(await refusal(handle.executeUpdate(stopAfterStage))).toContain('ends by itself');
    await handle.executeUpdate(skipStep);
    expect(await handle.result()).toMatchObject({ status: 'stopped', macro: null });
  } finally {
    await at.rig.startEmbedded();
  }
  const { stages, studentModel } = reportOf('skip-tune');
  expect(stages[1]).toMatchObject({ skipped: ['generate', 'fine-tune'], studentModel: null, validation: null });
  expect(studentModel).toMatch(/^ft:naive-bayes:stage-0:/);
});

test('a stage skipped before its first call spends nothing; the next one selects with the last student', async () => {
  const handle = await beforeEvaluation('skip-select', 33);
  await at.rig.stopEmbedded();
  try {
    await handle.executeUpdate(resumeRun, { args: [{}] });
    const evaluating = await blockedRun(handle);
    expect([evaluating.step, evaluating.blocked?.skip]).toEqual(['evaluate', 'go on without scores of this stage']);
    await handle.executeUpdate(skipStep);
    const { blocked } = await until(handle, ({ step, status }) => step === 'select' && status === 'blocked');
    expect(blocked?.skip).toBe('leave out the stage');
  } finally {
    await at.rig.startEmbedded();
  }
  await handle.executeUpdate(skipStep);
  expect(await handle.result()).toMatchObject({ status: 'completed', macro: expect.any(Number) });
  const { stages, ledger } = reportOf('skip-select');
  expect(stages[0]).toMatchObject({ skipped: ['evaluate'], validation: null });
  expect(stages[1]).toMatchObject({
    skipped: ['select'],
    studentModel: null,
    counts: { slots: 40, real: 0, synthetic: 0, duplicated: 0, unfilled: 40 },
  });
  expect(stages[1]?.outcomes.every(({ quota, unfilled }) => quota === (unfilled['skipped'] ?? 0))).toBe(true);
  expect(stages[2]?.studentModel).toMatch(/^ft:naive-bayes:stage-2:/);
  expect(ledger.charged).toBeLessThanOrEqual(80);
});

test('a run that was cancelled and cannot be closed any more is steered to its end, and starts again with what it paid', async () => {
  const name = 'skip-close';
  await at.rig.behave({ latencyMs: 60 });
  const spec = wordnetSpec(
    name,
    { method: 'adaptive-ft-cot', seed: 35 },
    { teacher: '{ embedded: simulated, concurrency: 4 }' },
  );
  const handle = await at.home.start(spec);
  await until(handle, ({ step }) => step === 'generate');
  const { requests } = await at.rig.counters();
  await expect.poll(async () => (await at.rig.counters()).requests, { timeout: 20_000 }).toBeGreaterThan(requests + 6);
  renameSync(join(at.home.path, 'artifacts'), join(at.home.path, 'artifacts-away'));
  try {
    await handle.cancel();
    const closing = await blockedRun(handle);
    expect(closing.blocked).toMatchObject({ type: 'ArtifactMissing', skip: 'end without the answers of this stage' });
    // The budget can still be asked, and the step tried again.
    expect(
      (await handle.executeUpdate(setBudget, { args: [at.home.command(handle.workflowId, 'budget', { calls: 140 })] }))
        .message,
    ).toContain('of 140 calls');
    await handle.executeUpdate(resumeRun, { args: [{}] });
    await blockedRun(handle);
    await handle.executeUpdate(skipStep);
    const reporting = await until(handle, ({ step, status }) => step === 'report' && status === 'blocked');
    expect(reporting.blocked?.skip).toBe('end the run without a report');
    await handle.executeUpdate(skipStep);
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  } finally {
    rmSync(join(at.home.path, 'artifacts'), { recursive: true, force: true });
    renameSync(join(at.home.path, 'artifacts-away'), join(at.home.path, 'artifacts'));
    await at.rig.behave({ latencyMs: 0 });
  }
  const { billed } = await at.rig.counters();
  expect(await (await at.home.start(spec)).result()).toMatchObject({ status: 'completed' });
  expect(reportOf(name).ledger).toMatchObject({ charged: 120, forfeited: 0 });
  expect((await at.rig.counters()).billed - billed).toBeLessThan(120);
});

test('messages are taken before the first stage too, and one met while a stage ends is not lost', async () => {
  const spec = wordnetSpec('early', { method: 'adaptive-ft-cot', seed: 34 });
  const before = await at.rig.counters();
  const handle = await at.home.start(spec);
  const [paused, limit] = await Promise.all([
    handle.executeUpdate(pauseRun),
    handle.executeUpdate(setBudget, { args: [at.home.command(handle.workflowId, 'budget', { calls: 125 })] }),
  ]);
  expect(paused.status).toBe('paused');
  expect(limit.message).toContain('of 125 calls');
  await until(handle, ({ status }) => status === 'paused');
  // The promise itself is about time passing: the data are there long before this second is over.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await at.rig.counters()).toEqual(before);
  expect((await handle.executeUpdate(stopAfterStage)).message).toMatch(/ends/);
  expect((await handle.executeUpdate(resumeRun, { args: [{}] })).message).toBe('Resumed.');
  expect(await handle.result()).toMatchObject({ status: 'stopped' });
});
