/** A training command is never run twice at once for one key, whatever its worker dies of. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTimeOf } from '../../adapters/processes/process-identity.ts';
import { startEmbedded } from '../../embedded/start.ts';
import type { EmbeddedServer } from '../../embedded/start.ts';
import { key, train } from './training.ts';

const scratch = mkdtempSync(join(tmpdir(), 'baldistill-command-'));
let embedded: EmbeddedServer;
let folder: string;

beforeAll(async () => {
  embedded = await startEmbedded({ state: join(scratch, 'embedded') });
});
beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'home-'));
});
afterAll(async () => {
  await embedded.close();
  rmSync(scratch, { recursive: true });
});

const output = (name: string): string => join(folder, 'training', key, 'out', name);
const starts = (): { pid: number; env: Record<string, string> }[] =>
  existsSync(output('starts.jsonl'))
    ? readFileSync(output('starts.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
const childPid = (): number => (existsSync(output('child')) ? Number(readFileSync(output('child'), 'utf8')) : 0);
const alive = (pid: number): boolean => startTimeOf(pid) !== undefined;
const patient = { timeout: 30_000 };
const asked = (mode: string, signal = new AbortController().signal) => ({ folder, url: embedded.url, mode, signal });

test(
  'what a killed worker left behind is ended first, with its children; then the same key runs again',
  patient,
  async () => {
    const holder = fileURLToPath(new URL('holder.ts', import.meta.url));
    const settings = JSON.stringify({ folder, url: embedded.url, mode: 'waits' });
    const worker = spawn(process.execPath, [holder, settings], { stdio: 'ignore' });
    await expect.poll(childPid, patient).toBeGreaterThan(0);
    worker.kill('SIGKILL');
    await new Promise((resolve) => worker.once('exit', resolve));
    const [first] = starts();
    const orphans = [first?.pid ?? 0, childPid()];
    expect(orphans.map(alive)).toEqual([true, true]);

    expect(await train(asked('good'))).toMatch(/^ft:naive-bayes:/);
    expect(orphans.map(alive)).toEqual([false, false]);
    const given = { KEY: key, OUT_DIR: join(folder, 'training', key, 'out') };
    expect(starts()).toMatchObject([{ env: given }, { env: given }]);
  },
);

test('two who ask at once train once, and both get the model', patient, async () => {
  const both = Promise.all([train(asked('waits')), train(asked('waits'))]);
  await expect.poll(childPid, patient).toBeGreaterThan(0);
  writeFileSync(output('go'), '');
  const [one, other] = await both;
  expect(one).toMatch(/^ft:naive-bayes:/);
  expect(other).toBe(one);
  expect(starts()).toHaveLength(1);
  expect(await train(asked('good'))).toBe(one);
  expect(starts()).toHaveLength(1);
});

test('an abort ends the whole group, and comes back when it is gone', patient, async () => {
  const abort = new AbortController();
  const trained = train(asked('waits', abort.signal)).catch((error: unknown) => error);
  await expect.poll(childPid, patient).toBeGreaterThan(0);
  const reason = new Error('cancelled');
  abort.abort(reason);
  expect(await trained).toBe(reason);
  expect([starts()[0]?.pid ?? 0, childPid()].map(alive)).toEqual([false, false]);
  expect(existsSync(join(folder, 'training', key, 'process.json'))).toBe(false);
});
