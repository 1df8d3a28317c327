/** A worker: one Temporal worker a kind of task queue, over one connection, one ledger and one world. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, WorkflowNotFoundError } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { batchActivities, controlActivities, studentActivities, teacherActivities } from './activities.ts';
import { tokenCounter } from '../estimate/prompts/count-tokens.ts';
import { openLedger } from '../adapters/ledger/open-ledger.ts';
import { openOwner } from '../adapters/owner/owner.ts';
import { openPermissions } from '../adapters/owner/permissions.ts';
import { dataFolder } from './services/home.ts';
import type { TemporalConfig } from './temporal-config.ts';
import type { TemporalTarget } from './temporal-connection.ts';
import { workflowBundle } from './bundle.ts';
import { otherRuns } from './other-runs.ts';
import { openLimiters } from './watch/limiters.ts';
import { serveMetrics } from './watch/metrics-server.ts';
import { watchWorker } from './watch/worker-watch.ts';
import { createWorld } from './world.ts';

export interface WorkerSetup {
  readonly home: string;
  readonly buildId: string;
  /** Folder of kept workflow bundles. */
  readonly bundles: string;
  readonly config: TemporalConfig;
  readonly target: Pick<TemporalTarget, 'connectionOptions' | 'namespace'>;
  readonly embeddedUrl: () => string | undefined;
  /** How long an endpoint that refuses or is overloaded is retried before the run blocks; shorter in proofs. */
  readonly retryForMs?: { readonly refused: number; readonly overloaded: number };
  /** For the benchmark: another ledger. */
  readonly openLedger?: typeof openLedger;
}

export interface RunningWorker {
  /** Resolves when all queues have stopped; rejects when one fails for good. */
  readonly stopped: Promise<void>;
  /** Drains: slices start no new call and let those in flight settle, within the grace time. */
  shutdown(): void;
}

/** Longest time a drain may take: one call's default deadline and a margin. */
const grace = '150 s';

export async function startWorker(setup: WorkerSetup): Promise<RunningWorker> {
  const { config, target, home } = setup;
  const connection = await NativeConnection.connect(target.connectionOptions);
  const draining = new AbortController();
  const ledger = await (setup.openLedger ?? openLedger)({ path: join(home, 'ledger.sqlite') });
  const limiters = openLimiters();
  const name = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const metrics = config.metrics.enabled ? await serveMetrics(config.metrics.port, { limiters, ledger }) : null;
  const endWatch = watchWorker({ home, worker: name, limiters, metrics: metrics?.url ?? null });
  const owner = openOwner(home, openPermissions(home, config.permissions, dataFolder()));
  const world = createWorld({
    home,
    ledger,
    owner,
    limiters,
    worker: name,
    embeddedUrl: setup.embeddedUrl,
    retryForMs: setup.retryForMs,
    draining: draining.signal,
    awaitClosed: async (workflowId) => await awaitClosed(connection, target.namespace, workflowId),
    runs: otherRuns(connection, target.namespace),
  });

  const { control, teacher, student } = config.taskQueues;
  const common = {
    connection,
    namespace: target.namespace,
    buildId: setup.buildId,
    shutdownGraceTime: grace,
    shutdownForceTime: '160 s',
    // Workflow tasks wait so long for the worker that has the run in its cache before another may take them.
    stickyQueueScheduleToStartTimeout: config.timeouts.heartbeatSeconds * 1000,
    // A cancel reaches an activity only with a heartbeat, and `pause` must act within a second.
    maxHeartbeatThrottleInterval: '250 ms',
    defaultHeartbeatThrottleInterval: '250 ms',
  } satisfies Partial<WorkerOptions>;
  // Else the first run would wait for the table of the tokenizer before its first call.
  await tokenCounter();
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: control.name,
      workflowBundle: { codePath: await workflowBundle(setup.bundles, setup.buildId) },
      activities: controlActivities(world),
      maxConcurrentActivityTaskExecutions: control.concurrency,
    }),
    Worker.create({
      ...common,
      taskQueue: teacher.name,
      activities: { ...teacherActivities(world, config.timeouts.sliceSeconds), ...batchActivities(world) },
      maxConcurrentActivityTaskExecutions: teacher.concurrency,
    }),
    Worker.create({
      ...common,
      taskQueue: student.name,
      activities: studentActivities(world),
      maxConcurrentActivityTaskExecutions: student.concurrency,
    }),
  ]);

  const shutdown = (): void => {
    if (draining.signal.aborted) return;
    draining.abort(new Error('The worker is draining.'));
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    stopped: runAll(workers, shutdown, async () => {
      endWatch();
      await metrics?.close();
      await ledger.close();
      await connection.close();
    }),
    shutdown,
  };
}

/** When one queue fails, the others are drained too: half a worker is worse than none. */
async function runAll(workers: readonly Worker[], shutdown: () => void, close: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(
      workers.map(async (worker) => {
        try {
          await worker.run();
        } finally {
          shutdown();
        }
      }),
    );
  } finally {
    await close();
  }
}

/** Cancels a workflow and waits until it is closed; a missing one counts as closed. */
async function awaitClosed(connection: NativeConnection, namespace: string, workflowId: string): Promise<void> {
  const client = new Client({ connection, namespace });
  const handle = client.workflow.getHandle(workflowId);
  try {
    await handle.cancel();
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return;
    // Cancelled, failed or terminated: all of them are closed.
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') throw error;
  }
}
