import { mkdtempSync } from 'node:fs';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOwner } from '../../adapters/owner/owner.ts';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import { endsRun, failures, isFailureType } from '../../domain/failures.ts';
import type { FailureType } from '../../domain/failures.ts';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { findTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';
import { TemporalConfig, engineSettings } from '../../workers/temporal-config.ts';
import { resumeRun, setBudget, skipStep } from '../../workflows/messages.ts';
import type { distill } from '../../workflows/index.ts';
import { until, wordnetSpec } from './rig.ts';

/** The run's first activity fails in every way there is, one after the other; nothing else is ever reached. */
const owner = openOwner(mkdtempSync(join(tmpdir(), 'fails-')), null);
let environment: TestWorkflowEnvironment;
let worker: Worker;
let running: Promise<void>;
let failing: FailureType = 'InvalidInput';

const config = TemporalConfig.parse({
  taskQueues: {
    control: { name: 'fails', concurrency: 4 },
    teacher: { name: 'fails-teacher', concurrency: 1 },
    student: { name: 'fails-student', concurrency: 1 },
  },
});

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: await findTemporalCli(() => undefined) } },
  });
  worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: 'fails',
    workflowBundle: { codePath: await workflowBundle(join(tmpdir(), 'baldistill-bundles'), buildId()) },
    activities: {
      connect: () => {
        throw ApplicationFailure.nonRetryable(`this is how ${failing} sounds`, failing);
      },
      forgive: () => undefined,
      recordStatus: () => undefined,
      setLimits: () => {
        throw ApplicationFailure.nonRetryable('the ledger is gone', 'LedgerUnavailable');
      },
    },
  });
  running = worker.run();
});
afterAll(async () => {
  worker.shutdown();
  await running;
  await environment.teardown();
});

const start = async (name: string) =>
  await environment.client.workflow.start<typeof distill>('distill', {
    workflowId: name,
    taskQueue: 'fails',
    args: [{ run: await owner.signRun(wordnetSpec(name)), searchAttributes: false, engine: engineSettings(config) }],
  });

test('every failure a person can fix blocks the run with its reason and remedy, again and again', async () => {
  const kinds = Object.keys(failures).filter(isFailureType);
  const blocking = kinds.filter((type) => !endsRun(type));
  expect(kinds.length - blocking.length).toBe(1);
  failing = blocking[0] ?? 'Unexpected';
  const handle = await start('blocks');
  for (const [index, type] of blocking.entries()) {
    const { blocked, status } = await until(handle, (progress) => progress.blocked?.type === type);
    expect(status).toBe('blocked');
    expect(blocked).toEqual({
      type,
      message: `this is how ${type} sounds`,
      remedy: failures[type],
      skip: null,
    });
    await expect(handle.executeUpdate(skipStep)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('cannot be skipped') },
    });
    failing = blocking[index + 1] ?? 'InvalidInput';
    await handle.executeUpdate(resumeRun, { args: [{}] });
  }
  // What cannot be fixed ends it.
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
});

test('a message that needs a ledger which cannot be asked is refused with its sentence', async () => {
  failing = 'LedgerUnavailable';
  const handle = await start('no-ledger');
  await until(handle, ({ status }) => status === 'blocked');
  await expect(
    handle.executeUpdate(setBudget, {
      args: [signCommand(owner, { run: 'no-ledger', action: 'budget', content: { calls: 200 } })],
    }),
  ).rejects.toMatchObject({
    cause: { message: 'The ledger cannot be asked now (LedgerUnavailable): the ledger is gone' },
  });
  expect((await until(handle, () => true)).status).toBe('blocked');
  await handle.terminate('end of the story');
});
