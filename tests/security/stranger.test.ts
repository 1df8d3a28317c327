/**
 * A stranger who can reach the Temporal server: another user of the machine, or anybody on a server that several people
 * share. They can start workflows and send messages; without the owner's key no worker obeys them.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { SignedRun } from '../../contracts/signed/signed-run.ts';
import { engineSettings } from '../../workers/temporal-config.ts';
import { findTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';
import type { distill, stage } from '../../workflows/index.ts';
import {
  progressOfStage,
  resumeRun,
  resumeStage,
  setBudget,
  setFlow,
  setStageTerms,
} from '../../workflows/messages.ts';
import { openStories, until, wordnetSpec } from '../engine/rig.ts';
import { listen } from '../transport/socket-server.ts';
import type { SocketServer } from '../transport/socket-server.ts';

const at = openStories();
const folder = mkdtempSync(join(tmpdir(), 'stranger-'));
/** The stranger has a home and a key of their own. */
const stranger = openOwner(join(folder, 'home'), null);
/** An address of the stranger's, which counts what reaches it. */
let trap: SocketServer;

beforeAll(async () => {
  chmodSync(folder, 0o777);
  trap = await listen(({ socket }) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'));
  process.env['OWNERS_SECRET'] = 'the-owners-secret';
});
afterAll(async () => {
  delete process.env['OWNERS_SECRET'];
  await trap.close();
  rmSync(folder, { recursive: true, force: true });
});

const marker = (): string => join(folder, 'ran-as-owner');
/** A spec that runs a command, reads a file and sends a key. */
function evil(name: string): RunSpec {
  writeFileSync(join(folder, 'rows.csv'), 'input,label\nx,y\n');
  const text = JSON.stringify({
    name,
    data: { train: 'rows.csv', fields: { input: 'input', answer: 'label' } },
    method: 'adaptive-ft-cot',
    stages: 1,
    budget: { slots: 10 },
    teacher: { baseUrl: trap.url, model: 'theirs', apiKeyEnv: 'OWNERS_SECRET' },
    student: { driver: 'command', train: ['sh', '-c', `id > ${marker()}`], baseUrl: trap.url },
  });
  const path = join(folder, 'evil.yaml');
  const resolved = resolveRunFile(text, { path, overrides: {}, name, dataRoot: undefined });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  const { spec } = resolved;
  return { ...spec, data: 'builtin' in spec.data ? spec.data : { ...spec.data, train: 'passwd' }, dataRoot: '/etc' };
}

async function start(workflowId: string, run: SignedRun) {
  return await at.rig.client.workflow.start<typeof distill>('distill', {
    workflowId,
    taskQueue: at.home.config.taskQueues.control.name,
    args: [{ run, searchAttributes: true, engine: engineSettings(at.home.config) }],
  });
}

async function nothingHappened(name: string): Promise<void> {
  expect(existsSync(marker())).toBe(false);
  expect(trap.asked).toEqual([]);
  const ledger = await openLedger({ path: join(at.home.path, 'ledger.sqlite') });
  expect(await ledger.run({ run: name })).toBeUndefined();
  await ledger.close();
}

const root = process.getuid?.() === 0;

test.skipIf(!root)(
  `another user starts a workflow with Temporal's own CLI${root ? '' : ' (skipped: needs root to become another user)'}`,
  async () => {
    const cli = join(folder, 'temporal');
    copyFileSync(await findTemporalCli(() => undefined), cli);
    chmodSync(cli, 0o755);
    const input = join(folder, 'evil.json');
    writeFileSync(
      input,
      JSON.stringify({ spec: evil('evil'), searchAttributes: true, engine: engineSettings(at.home.config) }),
    );
    chmodSync(input, 0o644);
    const queue = at.home.config.taskQueues.control.name;
    const words = ['workflow', 'start', '--type', 'distill', '--task-queue', queue, '--workflow-id', 'evil'];
    execFileSync(cli, [...words, '--input-file', input, '--address', at.rig.address], {
      uid: 65_534,
      gid: 65_534,
      env: { HOME: folder, PATH: '/usr/bin:/bin' },
    });
    const ended = at.rig.client.workflow.getHandle('evil').result();
    await expect(ended).rejects.toMatchObject({
      cause: { type: 'NotOurs', message: expect.stringContaining('not started by baldistill') },
    });
    await nothingHappened('evil');
  },
);

test('a run that another key signed is blocked by name, reads, starts and sends nothing, and a cancel ends it', async () => {
  const handle = await start('evil-signed', await stranger.signRun(evil('evil-signed')));
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked).toMatchObject({
    type: 'NotOurs',
    message: expect.stringContaining('which this machine does not have'),
  });
  await nothingHappened('evil-signed');
  await handle.cancel();
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  await nothingHappened('evil-signed');
});

test('a signed run that was copied serves no other workflow, and no other outline', async () => {
  const copied = await at.home.owner.signRun(wordnetSpec('copied', { seed: 3 }));
  const elsewhere = await start('not-copied', copied);
  expect((await until(elsewhere, ({ status }) => status === 'blocked')).blocked).toMatchObject({
    type: 'NotOurs',
    message: 'The workflow not-copied presents a signature that was made for copied.',
  });
  const changed = await start('copied', { ...copied, outline: { ...copied.outline, stages: 50 } });
  expect((await until(changed, ({ status }) => status === 'blocked')).blocked).toMatchObject({
    type: 'NotOurs',
    message: 'The signature of the run does not fit what it says.',
  });
  await nothingHappened('copied');
  await Promise.all([elsewhere.terminate(), changed.terminate()]);
});

test('what the owner signed elsewhere is not permitted here until this machine says so', async () => {
  const handle = await start('elsewhere', await at.home.owner.signRun(evil('elsewhere')));
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked?.type).toBe('NotPermitted');
  expect(blocked?.message).toContain('the command ["sh","-c"');
  expect(blocked?.message).toContain('the file /etc/passwd');
  expect(blocked?.message).toContain('the environment variable OWNERS_SECRET');
  await nothingHappened('elsewhere');
  await handle.terminate();
});

async function refusal(update: Promise<unknown>): Promise<string> {
  const error = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? '') : `not refused: ${String(error)}`;
}

test('updates that change money, pace or students are refused unless the owner signed them, each once', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const teacher = '{ embedded: simulated, concurrency: 2 }';
  const handle = await at.home.start(wordnetSpec('commanded', { method: 'adaptive-ft-cot', seed: 4 }, { teacher }));
  await until(handle, ({ step }) => step === 'generate');
  const run = 'commanded';
  const theirs = (action: 'budget' | 'flow', content: object) => signCommand(stranger, { run, action, content });
  expect(await refusal(handle.executeUpdate('setBudget', { args: [{ calls: 10_000 }] }))).toContain(
    '`baldistill budget` signed',
  );
  expect(await refusal(handle.executeUpdate('setBudget', { args: [theirs('budget', { calls: 10_000 })] }))).toContain(
    'does not have',
  );
  expect(await refusal(handle.executeUpdate('setFlow', { args: [theirs('flow', { concurrency: 500 })] }))).toContain(
    'does not have',
  );
  await handle.executeUpdate('pause');
  const brings = signCommand(stranger, { run, action: 'resume', content: { studentModel: 'm', studentUrl: trap.url } });
  expect(await refusal(handle.executeUpdate(resumeRun, { args: [brings] }))).toContain('does not have');

  const raise = at.home.command(run, 'budget', { calls: 500 });
  expect((await handle.executeUpdate(setBudget, { args: [raise] })).message).toContain('of 500 calls');
  const lower = at.home.command(run, 'budget', { calls: 400 });
  expect((await handle.executeUpdate(setBudget, { args: [lower] })).message).toContain('of 400 calls');
  expect(await refusal(handle.executeUpdate(setBudget, { args: [raise] }))).toContain('took a newer command');
  // Content that was changed after it was signed.
  const changed = { ...at.home.command(run, 'budget', { calls: 401 }), content: { calls: 90_000 } };
  expect(await refusal(handle.executeUpdate(setBudget, { args: [changed] }))).toContain('does not fit');
  expect(
    (await handle.executeUpdate(setFlow, { args: [at.home.command(run, 'flow', { concurrency: 3 })] })).message,
  ).toContain('3 in flight');
  expect((await handle.executeUpdate(resumeRun, { args: [{}] })).status).toBe('running');
  await at.rig.behave({ latencyMs: 0 });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('signals to a stage are ignored unless the owner signed them, also those that are no messages at all', async () => {
  await at.rig.behave({ latencyMs: 100 });
  const teacher = '{ embedded: simulated, concurrency: 2 }';
  const run = 'signaled';
  const handle = await at.home.start(wordnetSpec(run, { method: 'adaptive-ft-cot', seed: 5 }, { teacher }));
  await until(handle, ({ step }) => step === 'generate');
  const child = at.rig.client.workflow.getHandle<typeof stage>(`${run}/stage-0`);
  for (const name of ['resumeStage', 'setStageTerms', 'stageReported'] as const) {
    for (const payload of [null, 'text', { ledger: 1 }]) {
      await child.signal(name, payload);
      await handle.signal(name, payload);
    }
  }
  const terms = { concurrency: 1000, limits: {} };
  const issuedAt = Date.now();
  const signature = stranger.sign({ kind: 'terms', run, terms, issuedAt });
  await child.signal(setStageTerms, { terms, issuedAt, signature });
  const ledger = { id: 'another', counter: 9, mark: 'x' };
  await child.signal(resumeStage, signCommand(stranger, { run, action: 'resume', content: { ledger } }));
  expect((await child.query(progressOfStage)).status).toBe('running');

  // Terms that the owner signed once, before those that hold: recorded by a stranger and sent again.
  const verifications = async (): Promise<number> => {
    const { events } = await child.fetchHistory();
    const of = events?.filter(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'verifyTerms',
    );
    return of?.length ?? 0;
  };
  await handle.executeUpdate(setFlow, { args: [at.home.command(run, 'flow', { concurrency: 3 })] });
  await expect.poll(verifications).toBe(2);
  const old = { terms, issuedAt: 1, signature: at.home.owner.sign({ kind: 'terms', run, terms, issuedAt: 1 }) };
  await expect
    .poll(async () => {
      await child.signal(setStageTerms, old);
      return (await child.query(progressOfStage)).status;
    })
    .toBe('running');
  expect(await verifications()).toBe(2);
  await at.rig.behave({ latencyMs: 0 });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('a stage that was started by hand sends no key to an address that the owner did not sign', async () => {
  const spec = wordnetSpec('finished', { method: 'baldistill-a', stages: 2, seed: 6 });
  const run = await at.home.owner.signRun(spec);
  const first = await at.home.start(spec);
  await first.result();
  const started = await at.rig.client.workflow.getHandle('finished/stage-1').fetchHistory();
  const payload = started.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  const genuine: unknown = JSON.parse(Buffer.from(payload ?? []).toString('utf8'));
  const text = JSON.stringify(genuine).replaceAll(
    '"address":null',
    `"address":${JSON.stringify({ url: trap.url, signature: run.signature })}`,
  );
  expect(text).toContain(trap.url);
  const forged: unknown = JSON.parse(text);
  const handle = await at.rig.client.workflow.start('stage', {
    workflowId: 'finished/stage-1',
    taskQueue: at.home.config.taskQueues.control.name,
    args: [forged],
  });
  await expect
    .poll(
      async () =>
        (await at.rig.client.workflow.getHandle<typeof stage>(handle.workflowId).query(progressOfStage)).blocked?.type,
      { timeout: 20_000 },
    )
    .toBe('NotOurs');
  expect(trap.asked).toEqual([]);
  await handle.terminate();
});
