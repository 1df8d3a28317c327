/** What a killed worker costs, and that the results are the same bytes where that is promised. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import { openRig } from '../engine/rig.ts';
import type { Rig } from '../engine/rig.ts';
import { ends, openHome, resultOf, shownBy, storyFile, until } from './rig.ts';
import type { Home } from './rig.ts';

const concurrency = 8;
let home: Home;
let rig: Rig;

beforeAll(async () => {
  [home, rig] = await Promise.all([openHome(), openRig()]);
  await ends(home.cli('dev'), 0);
});
afterAll(async () => await Promise.all([home.end(), rig.close()]));

const idempotent = (calls: number): string => storyFile('twin', `, concurrency: ${calls}, idempotency: { ttl: 3600 }`);

/** Runs a file to its end, with the worker killed in `generate` of the second and in fine-tune of the third stage. */
async function runThroughKills(file: string): Promise<{ billed: number; requests: number }> {
  const before = await home.counters();
  const jobs = (await home.jobs()).length;
  const sent = async (): Promise<number> => (await home.counters()).requests - before.requests;
  await home.behave({ latencyMs: 150 });

  await ends(home.cli('run', file, '--detach'), 0);
  await until(async () => (await sent()) >= 60 + 15);
  await home.kill('worker');
  expect(await sent()).toBeLessThan(120);
  expect((await home.jobs()).length - jobs).toBe(1);

  // The same command: it starts a worker again and joins the run.
  const first = home.start('run', file, '--json');
  await until(async () => (await home.jobs()).length - jobs === 2);
  await home.behave({ trainingPauseMs: 1000 });
  await until(async () => {
    const seen = await home.jobs();
    return seen.length - jobs === 3 && seen[0] === 'running';
  });
  await home.kill('worker');
  await home.behave({ latencyMs: 0, trainingPauseMs: 0 });

  // And once more: it joins beside the first, which is healing the worker too.
  const again = await ends(home.cli('run', file, '--json'), 0);
  expect(resultOf(again)).toMatchObject({ status: 'completed' });
  await ends(first.ended, 0);
  // No job was created twice, whatever was killed when.
  expect(await home.jobs()).toEqual(Array(jobs + 4).fill('succeeded'));
  const after = await home.counters();
  return { billed: after.billed - before.billed, requests: after.requests - before.requests };
}

// Another teacher (noise) and seed: neither run may live on the answers that the other paid for, or on its students.
test(
  'an ordinary endpoint: at most what was in flight is lost, the bill stays below the charge, that below the limit',
  { timeout: 180_000 },
  async ({ annotate }) => {
    const file = home.file('plain.yaml', storyFile('plain', `, noise: 0.1, concurrency: ${concurrency}`, 1));
    const { billed } = await runThroughKills(file);
    const { budget, calls } = await home.summary('plain');
    await annotate(
      `plain: billed ${billed}, charged ${budget.charged}, settled ${calls.settled}, forfeited ${calls.forfeited}`,
    );
    expect(billed).toBeLessThanOrEqual(budget.charged);
    expect(budget.charged).toBeLessThanOrEqual(budget.limit);
    expect(budget.limit).toBe(240);
    expect(calls.open).toBe(0);
    expect(calls.forfeited).toBeGreaterThan(0);
    expect(calls.forfeited).toBeLessThanOrEqual(concurrency);
    expect(calls.settled + calls.forfeited).toBe(budget.charged);
  },
);

test(
  'an idempotent endpoint: nothing is lost, and the training set has the bytes of an undisturbed run',
  { timeout: 180_000 },
  async ({ annotate }) => {
    await home.behave({ idempotent: true });
    const { billed, requests } = await runThroughKills(home.file('twin.yaml', idempotent(concurrency)));
    const { budget, calls } = await home.summary('twin');
    await annotate(
      `idempotent: billed ${billed} of ${requests} requests, charged ${budget.charged}, settled ${calls.settled}`,
    );
    expect(requests).toBeGreaterThan(billed);
    expect(calls).toMatchObject({ open: 0, forfeited: 0, settled: billed });
    expect(budget.charged).toBe(budget.limit);

    await rig.behave({ latencyMs: 2, jitterMs: 10 });
    for (const inFlight of [1, 8, 64]) {
      const undisturbed = rig.home();
      mkdirSync(undisturbed.path, { recursive: true });
      const worker = await undisturbed.worker();
      const resolved = resolveRunFile(idempotent(inFlight), {
        path: '/stories/twin.yaml',
        overrides: {},
        name: 'twin',
        dataRoot: undefined,
      });
      if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
      const result = await (await undisturbed.start(resolved.spec)).result();
      expect(result).toMatchObject({ status: 'completed' });
      expect(readFileSync(join(undisturbed.path, 'runs', 'twin', 'train.jsonl'), 'utf8')).toBe(
        home.trainingSet('twin'),
      );
      worker.shutdown();
      await worker.stopped;
    }
  },
);

test.each(['pause', 'stop'] as const)(
  'a worker that dies after `%s`, before its calls are back, blocks nothing',
  async (word) => {
    const name = `dies-after-${word}`;
    const file = home.file(`${name}.yaml`, storyFile(name, `, noise: 0.3, concurrency: ${concurrency}`, 2));
    await ends(home.cli('dev'), 0);
    const { requests } = await home.counters();
    await home.behave({ latencyMs: 20_000 });
    await ends(home.cli('run', file, '--detach'), 0);
    await until(async () => (await home.counters()).requests >= requests + concurrency);
    await ends(home.cli(word, name, ...(word === 'stop' ? ['--now'] : [])), 0);
    await home.kill('worker');
    await home.behave({ latencyMs: 0 });

    const watched = home.start('watch', name, '--json');
    if (word === 'pause') {
      await until(() => shownBy(watched.said().stdout).some(({ run }) => run.status === 'paused'), 60_000);
      await ends(home.cli('resume', name), 0);
    }
    const said = await ends(watched.ended, 0);
    if (word === 'pause') expect(resultOf(said)).toMatchObject({ status: 'completed' });
    else expect(said.stdout).toContain('"type":"stopped"');
    const { calls } = await home.summary(name);
    expect(calls).toMatchObject({ open: 0, forfeited: concurrency });
  },
);
