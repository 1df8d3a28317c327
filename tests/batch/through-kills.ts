/**
 * A run by batch whose worker, a process of its own, is killed while it uploads, after it created, while it polls and
 * while it downloads; one of its batches expires at 60 %, and one has failed lines.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { BatchBehavior } from '../../embedded/batches/behavior.ts';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { engineSettings } from '../../workers/temporal-config.ts';
import { progressOfStage } from '../../workflows/messages.ts';
import type { distill } from '../../workflows/index.ts';
import type { stage } from '../../workflows/stage/stage.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { registerRuns } from '../../adapters/owner/register-runs.ts';
import { configOf } from '../chaos/where.ts';
import type { Where } from '../chaos/where.ts';
import type { Rig } from '../engine/rig.ts';
import { batchesAt } from './support.ts';
import type { RemoteBatch } from './support.ts';

export interface ThroughKills {
  readonly ledger: string;
  readonly training: string;
  readonly batches: readonly RemoteBatch[];
  end(): void;
}

const long = { timeout: 60_000, interval: 10 };

export async function runThroughKills(rig: Rig, spec: RunSpec): Promise<ThroughKills> {
  const home = mkdtempSync(join(tmpdir(), 'baldistill-batches-'));
  const bundles = join(tmpdir(), 'baldistill-bundles');
  await workflowBundle(bundles, buildId());
  mkdirSync(home, { recursive: true });
  const { name } = spec;
  const where = join(home, 'where.json');
  const teacher = { url: rig.embedded().url, pid: process.pid };
  writeFileSync(
    where,
    JSON.stringify({ name, home, bundles, address: rig.address, sliceSeconds: 30, teacher } satisfies Where),
  );
  const config = configOf(name, 30);
  let worker: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    worker = fork('tests/chaos/worker-process.ts', ['--where', where], {
      silent: true,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    await once(worker, 'message');
  };
  const kill = async (): Promise<void> => {
    if (worker === undefined || worker.exitCode !== null || worker.signalCode !== null) return;
    const gone = once(worker, 'exit');
    worker.kill('SIGKILL');
    await gone;
  };
  const behave = async (batches: Partial<BatchBehavior>): Promise<void> =>
    await rig.behave({ batches: BatchBehavior.parse(batches) });
  const stalled = async (): Promise<number> => {
    const response = await fetch(new URL('/embedded/counters', rig.embedded().url));
    return z.object({ stalled: z.int() }).parse(await response.json()).stalled;
  };

  try {
    const slow = { lineMs: 600_000 };
    const outcomes = { expire: { share: 0.6, batches: 1 }, fail: { every: 10, status: 429, batches: 1 } } as const;
    await registerRuns(home, [spec]);
    await behave({ ...slow, ...outcomes, stall: 'upload' });
    await start();
    const handle = await rig.client.workflow.start<typeof distill>('distill', {
      workflowId: name,
      taskQueue: config.taskQueues.control.name,
      args: [
        { run: await openOwner(home, null).signRun(spec), searchAttributes: true, engine: engineSettings(config) },
      ],
    });
    await expect.poll(stalled, long).toBe(1);
    await kill();

    // The outcomes may have gone to batches that were created meanwhile; what is left of them goes to the next.
    await behave({ ...slow, ...((await batchesAt(teacher.url)).length === 0 ? outcomes : {}), stall: 'create' });
    await start();
    await expect.poll(stalled, long).toBe(2);
    await kill();

    await behave({ lineMs: 20 });
    await start();
    const polled = rig.client.workflow.getHandle<typeof stage>(`${name}/stage-0`);
    await expect.poll(async () => (await polled.query(progressOfStage)).batch?.answered ?? 0, long).toBeGreaterThan(0);
    await kill();

    await behave({ stall: 'download' });
    await start();
    await expect.poll(stalled, long).toBe(3);
    await kill();

    await behave({});
    await start();
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    return {
      ledger: join(home, 'ledger.sqlite'),
      training: readFileSync(join(home, 'runs', name, 'train.jsonl'), 'utf8'),
      batches: await batchesAt(teacher.url),
      end: () => rmSync(home, { recursive: true, force: true }),
    };
  } finally {
    await kill();
  }
}
