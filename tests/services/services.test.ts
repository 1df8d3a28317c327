import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { afterEach, describe, expect, test } from 'vitest';
import { embeddedUrl } from '../../workers/services/endpoints.ts';
import { ensureServices } from '../../workers/services/ensure.ts';
import { endProcess, isAlive, startTimeOf } from '../../adapters/processes/process-identity.ts';
import { readRecord, withRegistry } from '../../workers/services/registry.ts';
import type { ServiceRecord } from '../../workers/services/registry.ts';
import { registeredAttributes } from '../../workers/services/temporal/search-attributes.ts';
import { runningServices, stopServices } from '../../workers/services/stop.ts';
import { stage } from './stubs.ts';
import type { Stage } from './stubs.ts';

const ensureOnce = fileURLToPath(new URL('ensure-once.ts', import.meta.url));
let here: Stage = stage();
const silent = (): void => undefined;

afterEach(async () => {
  await here.end();
  here = stage();
});

function ensure(options: { build?: string; secrets?: readonly string[]; environment?: NodeJS.ProcessEnv } = {}) {
  return ensureServices({
    home: here.home,
    needs: { worker: true, embedded: true, secrets: options.secrets ?? [] },
    progress: silent,
    environment: { ...here.environment, ...options.environment },
    programs: { worker: here.program('worker'), embedded: here.program('embedded'), buildId: options.build ?? 'one' },
  });
}

function record(name: 'temporal' | 'worker' | 'embedded'): ServiceRecord {
  const found = readRecord(here.home, name);
  if (found === undefined) throw new Error(`no ${name} is recorded`);
  return found;
}

async function killed(victim: ServiceRecord): Promise<void> {
  process.kill(victim.pid, 'SIGKILL');
  await expect.poll(() => isAlive(victim), { interval: 10 }).toBe(false);
}

describe('background services', () => {
  test('four command lines at once start one set', async () => {
    const words = [ensureOnce, here.home, here.program('worker'), here.program('embedded'), 'one'];
    const run = () => promisify(execFile)(process.execPath, words, { env: here.environment });
    const answers = await Promise.all([run(), run(), run(), run()]);
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(here.starts().toSorted()).toEqual([
      expect.stringMatching(/^embedded \d+$/),
      expect.stringMatching(/^worker \d+ -$/),
    ]);
    expect(await (await fetch(String(embeddedUrl(here.home)))).text()).toBe('stub');
  });

  test('what runs already is used as it is', async () => {
    const first = await ensure();
    expect(await ensure()).toEqual(first);
    expect(here.starts()).toHaveLength(2);
  });

  test('one that was killed is started again on its old port, the others go on', async () => {
    await ensure();
    const [before, worker] = [record('embedded'), record('worker')];
    await killed(before);
    expect(embeddedUrl(here.home)).toBeUndefined();
    await ensure();
    expect(record('embedded').port).toBe(before.port);
    expect(record('embedded').pid).not.toBe(before.pid);
    expect(record('worker').pid).toBe(worker.pid);
  });

  test('processes of another build are drained and replaced', async () => {
    await ensure();
    const before = [record('embedded'), record('worker')];
    await ensure({ build: 'two' });
    expect(before.map((process) => isAlive(process))).toEqual([false, false]);
    expect(here.starts()).toContain(`drained ${before[1]?.pid}`);
    expect(record('embedded').port).toBe(before[0]?.port);
  });

  test('a key that the worker was not given makes another worker', async () => {
    await ensure();
    await ensure({ secrets: ['SOME_KEY'] });
    expect(here.starts().filter((line) => line.startsWith('worker'))).toHaveLength(1);
    await ensure({ secrets: ['SOME_KEY'], environment: { SOME_KEY: 'k1' } });
    await ensure({ secrets: ['SOME_KEY'], environment: { SOME_KEY: 'k1' } });
    await ensure();
    const workers = here.starts().filter((line) => line.startsWith('worker'));
    expect(workers.map((line) => line.split(' ')[2])).toEqual(['-', 'k1']);
    expect(record('worker').secrets).not.toContain('k1');
  });

  test('one whose starter died before it was ready is started anew', async () => {
    await ensure();
    const half = { ...record('worker'), ready: 0 };
    withRegistry(here.home, (registry) => registry.put(half));
    await ensure();
    expect(isAlive(half)).toBe(false);
    expect(record('worker').ready).toBe(1);
  });

  test('a program that fails is reported with the end of its log, and leaves nothing', async () => {
    const programs = { worker: here.program('broken'), embedded: here.program('embedded'), buildId: 'one' };
    const needs = { worker: true, embedded: true, secrets: [] };
    const { home, environment } = here;
    await expect(ensureServices({ home, needs, progress: silent, environment, programs })).rejects.toThrow(
      'wrong phase',
    );
    expect(runningServices(home).map(({ name }) => name)).toEqual(['embedded']);
  });

  test('one that does not listen to SIGTERM is killed after its grace', async () => {
    const child = spawn(process.execPath, [here.program('deaf')], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    await once(child, 'message');
    const pid = child.pid ?? 0;
    const identity = { pid, startTime: startTimeOf(pid) ?? '' };
    const ended = once(child, 'exit');
    await endProcess(identity, 200);
    expect((await ended)[1]).toBe('SIGKILL');
    expect(isAlive(identity)).toBe(false);
  });

  test('down ends all of them', async () => {
    await ensure();
    const all = runningServices(here.home);
    expect(await stopServices(here.home, silent)).toEqual(['worker', 'embedded']);
    expect(all.map((process) => isAlive(process))).toEqual([false, false]);
    expect(await stopServices(here.home, silent)).toEqual([]);
  });
});

describe('the real Temporal server', () => {
  test('is started with our attributes and retention, healed on its port with its state, and ended', async () => {
    here = stage({ real: true });
    const request = {
      home: here.home,
      needs: { worker: false, embedded: false, secrets: [] },
      progress: silent,
      environment: here.environment,
    };
    const services = await ensureServices(request);
    const before = record('temporal');
    let connection = await Connection.connect({ address: services.temporalAddress });
    const { config } = await connection.workflowService.describeNamespace({ namespace: services.namespace });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(720 * 3600);
    expect(await registeredAttributes(connection, services.namespace)).toContain('BaldistillMacro');
    await connection.workflowService.startWorkflowExecution({
      namespace: services.namespace,
      workflowId: 'kept',
      requestId: 'one',
      workflowType: { name: 'unknown' },
      taskQueue: { name: 'unknown' },
    });
    await connection.close();
    expect((await fetch(String(services.uiUrl))).status).toBe(200);

    await killed(before);
    expect(await ensureServices(request)).toEqual(services);
    expect(record('temporal').pid).not.toBe(before.pid);
    connection = await Connection.connect({ address: services.temporalAddress });
    const kept = { namespace: services.namespace, execution: { workflowId: 'kept' } };
    const found = await connection.workflowService.describeWorkflowExecution(kept);
    expect(found.workflowExecutionInfo?.type?.name).toBe('unknown');
    await connection.close();

    const after = record('temporal');
    expect(await stopServices(here.home, silent)).toEqual(['temporal']);
    expect(isAlive(after)).toBe(false);
  });
});
