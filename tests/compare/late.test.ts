/**
 * A pause or a stop that comes while a comparison is about to start a cell, or to try one again. The moments are made
 * by holding the comparison's own activities; the engine, the workflows and what is said to a run are real.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stillRunning } from '../../activities/boundary.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import type { CompareInput, SteerRequest } from '../../contracts/comparison/comparison-messages.ts';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { otherRuns } from '../../workers/other-runs.ts';
import { findTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';
import { engineSettings, TemporalConfig } from '../../workers/temporal-config.ts';
import type { compare } from '../../workflows/index.ts';
import { pauseRun, progressOfComparison, progressOfRun, resumeRun, stopAfterStage } from '../../workflows/messages.ts';
import { wordnetSpec } from '../engine/rig.ts';

const patient = { timeout: 20_000 };
let environment: TestWorkflowEnvironment;
let codePath: string;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const path = await findTemporalCli(() => undefined);
  environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path } },
  });
  codePath = await workflowBundle(join(tmpdir(), 'baldistill-bundles'), buildId());
});
afterAll(async () => await environment.teardown());

/** Holds what comes to it, from the first call on, until it is let go. */
class Gate {
  met = 0;
  readonly #open = Promise.withResolvers<undefined>();

  async pass(): Promise<void> {
    this.met += 1;
    // A story that fails ends its worker, which holds no one.
    await Promise.race([this.#open.promise, Context.current().cancelled]);
  }

  letGo(): void {
    this.#open.resolve(undefined);
  }
}

const owner = openOwner(mkdtempSync(join(tmpdir(), 'late-')), null);

/** A comparison of one cell, whose run is blocked at its first step and, tried again, stays in it. */
async function oneCell(name: string) {
  const [asked, resumed] = [new Gate(), new Gate()];
  const said: string[] = [];
  const spec = wordnetSpec(`${name}-run`);
  const runs = otherRuns(environment.nativeConnection, 'default');
  let tries = 0;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: name,
    workflowBundle: { codePath },
    activities: {
      completedCells: () => [],
      nextCell: async () => {
        await asked.pass();
        return { kind: 'start', run: await owner.signRun(spec), summary: 'one cell', details: '' };
      },
      awaitRun: async (request: { run: string; blocked: boolean }) => {
        const snapshot = await runs.snapshot(request.run);
        if (snapshot?.kind === 'open' && (snapshot.blocked !== null) !== request.blocked) return snapshot;
        throw stillRunning('as it was');
      },
      steerRuns: async ({ runs: reported, action }: SteerRequest) => {
        said.push(action);
        if (action === 'resume') await resumed.pass();
        for (const run of reported) await runs.steer(run, action);
      },
      writeComparison: () => ({ folder: '/nowhere' }),
      connect: async () => {
        tries += 1;
        if (tries === 1) throw ApplicationFailure.nonRetryable('no answer', 'EndpointDown');
        const beat = setInterval(() => Context.current().heartbeat(), 200);
        await Context.current().cancelled.finally(() => clearInterval(beat));
      },
    },
  });
  const queue = { name, concurrency: 16 };
  const config = TemporalConfig.parse({ taskQueues: { control: queue, teacher: queue, student: queue } });
  const sha256 = 'ab'.repeat(32);
  const input: CompareInput = {
    comparison: {
      name,
      plan: { uri: `artifact:${sha256}`, sha256, bytes: 1, rows: 1 },
      cells: 1,
      limit: 1000,
      window: 1,
      signature: { key: 'ab'.repeat(4), mac: sha256 },
    },
    searchAttributes: false,
    engine: engineSettings(config),
  };
  const { workflow } = environment.client;
  const handle = await workflow.start<typeof compare>('compare', { workflowId: name, taskQueue: name, args: [input] });
  const counts = async () => (await handle.query(progressOfComparison)).counts;
  const run = workflow.getHandle(spec.name);
  const status = async () => (await run.query(progressOfRun)).status;
  return { worker, asked, resumed, said, handle, counts, run, status };
}

test('no cell is started after a pause, though the ledger was asked before it; resume starts it', async () => {
  const { worker, asked, handle, counts, run } = await oneCell('paused-late');
  await worker.runUntil(async () => {
    await expect.poll(() => asked.met, patient).toBe(1);
    expect((await handle.executeUpdate(pauseRun)).status).toBe('paused');
    asked.letGo();
    const ended = async () =>
      (await handle.fetchHistory()).events?.filter(({ activityTaskCompletedEventAttributes: of }) => of).length;
    // Two steps: which cells were completed, and whether this one fits.
    await expect.poll(ended, patient).toBe(2);
    expect(await counts()).toMatchObject({ waiting: 1, running: 0 });
    await handle.executeUpdate(resumeRun, { args: [{}] });
    await expect.poll(async () => (await counts()).blocked, patient).toBe(1);
    expect(asked.met).toBe(2);
    await Promise.all([handle.terminate(), run.terminate()]);
  });
});

test('no cell is started after a stop: the comparison is over', async () => {
  const { worker, asked, handle } = await oneCell('stopped-late');
  await worker.runUntil(async () => {
    await expect.poll(() => asked.met, patient).toBe(1);
    await handle.executeUpdate(stopAfterStage);
    asked.letGo();
    expect(await handle.result()).toMatchObject({ status: 'stopped', counts: { waiting: 1 } });
  });
});

test('a blocked cell that is being tried again gets a pause that came meanwhile, and of its end', async () => {
  const { worker, asked, resumed, said, handle, counts, run, status } = await oneCell('tried-late');
  asked.letGo();
  await worker.runUntil(async () => {
    await expect.poll(async () => (await counts()).blocked, patient).toBe(1);
    await handle.executeUpdate(resumeRun, { args: [{}] });
    await expect.poll(() => resumed.met, patient).toBe(1);
    await handle.executeUpdate(pauseRun);
    resumed.letGo();
    await expect.poll(status, patient).toBe('paused');
    expect(said).toEqual(['resume', 'pause']);
    expect(await counts()).toMatchObject({ running: 1, blocked: 0 });
    await handle.executeUpdate(resumeRun, { args: [{}] });
    expect(await status()).toBe('preparing');
    await Promise.all([handle.terminate(), run.terminate()]);
  });
});
