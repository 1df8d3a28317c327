import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../activities/ports/ledger.ts';
import { openingOf } from '../../activities/run-opening.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import type { distill } from '../../workflows/index.ts';
import { pauseRun, resumeRun } from '../../workflows/messages.ts';
import { openRig, until, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig();
});
afterAll(async () => await rig.close());

/** Workers are replaced in these stories, and the server tries the stopped one first. */
const longTimeout = 150_000;

const ledgerFile = (home: Home): string => join(home.path, 'ledger.sqlite');

async function withLedger<T>(home: Home, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger({ path: ledgerFile(home) });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** A complete copy: the database file alone lacks what is still in its write-ahead log. */
function backUp(home: Home): void {
  const database = new DatabaseSync(ledgerFile(home));
  database.prepare('vacuum into ?').run(`${ledgerFile(home)}.copy`);
  database.close();
}

const slow = { teacher: '{ embedded: simulated, concurrency: 4 }' };

/** A run that is paused in its second stage, with its worker stopped and a ledger copy from before that stage. */
async function pausedInSecondStage(home: Home, name: string, seed: number): Promise<WorkflowHandle<typeof distill>> {
  const worker = await home.worker();
  // Training is slow, so that the pause arrives before the evaluation.
  await rig.behave({ trainingPauseMs: 400 });
  const handle = await home.start(wordnetSpec(name, { method: 'adaptive-ft-cot', seed }, slow));
  await until(handle, ({ stage, step }) => stage === 0 && step === 'fine-tune');
  await handle.executeUpdate(pauseRun);
  await until(handle, ({ status, step }) => status === 'paused' && step === 'evaluate');
  backUp(home);
  await rig.behave({ latencyMs: 40, trainingPauseMs: 0 });
  await handle.executeUpdate(resumeRun, { args: [{}] });
  await until(handle, ({ stage, step }) => stage === 1 && step === 'generate');
  const { requests } = await rig.counters();
  await expect.poll(async () => (await rig.counters()).requests, { timeout: 20_000 }).toBeGreaterThan(requests + 8);
  await handle.executeUpdate(pauseRun);
  await until(handle, ({ status }) => status === 'paused');
  // Wait until the slice has returned its view of the ledger.
  await until(handle, ({ budget }) => (budget?.charged ?? 0) > 40);
  await rig.behave({ latencyMs: 0 });
  worker.shutdown();
  await worker.stopped;
  for (const suffix of ['-wal', '-shm']) rmSync(ledgerFile(home) + suffix, { force: true });
  return handle;
}

test(
  'an older copy of the ledger blocks the run, also a copy that was used since; adopted, the run continues',
  async () => {
    const home = rig.home();
    const handle = await pausedInSecondStage(home, 'restored', 41);
    const charged = await withLedger(home, async (ledger) => (await ledger.budget({ run: 'restored' })).charged);
    renameSync(`${ledgerFile(home)}.copy`, ledgerFile(home));
    // Other runs use the copy, so its counter exceeds the one that the run has seen.
    await withLedger(home, async (ledger) => {
      for (let index = 0; index < 300; index += 1) await ledger.setPlanned({ run: 'restored', calls: 80 });
    });
    await home.worker();
    await handle.executeUpdate(resumeRun, { args: [{}] });
    const { blocked } = await until(handle, ({ status }) => status === 'blocked');
    expect(blocked?.type).toBe('LedgerMismatch');
    expect(blocked?.message).toContain('older copy that went on by itself');
    expect(blocked?.remedy).toContain('ledger adopt RUN --charged N');
    // A resume without adopting is blocked again.
    await handle.executeUpdate(resumeRun, { args: [{}] });
    expect((await until(handle, ({ status }) => status === 'blocked')).blocked?.type).toBe('LedgerMismatch');

    const before = await rig.counters();
    const adopted = await withLedger(
      home,
      async (ledger) => await ledger.adopt({ run: 'restored', charged: { calls: charged, tokens: 0, microUsd: 0 } }),
    );
    expect(adopted).toMatchObject({ accepted: true, budget: { charged, limit: 120 } });
    await handle.executeUpdate(resumeRun, {
      args: [home.command(handle.workflowId, 'resume', { ledger: adopted.ledger })],
    });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    const end = await withLedger(home, async (ledger) => await ledger.summary({ run: 'restored' }));
    expect(end.budget.charged).toBeLessThanOrEqual(120);
    expect((await rig.counters()).billed - before.billed).toBeLessThanOrEqual(120 - charged);
  },
  longTimeout,
);

test(
  'a missing ledger blocks the run; a new one is adopted with the charges so far',
  async () => {
    const home = rig.home();
    const handle = await pausedInSecondStage(home, 'gone', 42);
    const charged = await withLedger(home, async (ledger) => (await ledger.budget({ run: 'gone' })).charged);
    rmSync(ledgerFile(home));
    await home.worker();
    await handle.executeUpdate(resumeRun, { args: [{}] }).catch(() => undefined);
    const spec = wordnetSpec('gone', { method: 'adaptive-ft-cot', seed: 42 }, slow);
    await withLedger(home, async (ledger) => {
      await ledger.openRun(openingOf(spec));
      expect((await ledger.adopt({ run: 'gone', charged: { calls: 121, tokens: 0, microUsd: 0 } })).accepted).toBe(
        false,
      );
      const adopted = await ledger.adopt({ run: 'gone', charged: { calls: charged, tokens: 0, microUsd: 0 } });
      expect(adopted.budget).toMatchObject({ charged, forfeited: charged });
      await handle.executeUpdate(resumeRun, {
        args: [home.command(handle.workflowId, 'resume', { ledger: adopted.ledger })],
      });
    });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    const end = await withLedger(home, async (ledger) => await ledger.summary({ run: 'gone' }));
    expect(end.budget.charged).toBeLessThanOrEqual(120);
  },
  longTimeout,
);
