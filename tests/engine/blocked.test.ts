import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { resumeRun } from '../../workflows/messages.ts';
import { openRig, until, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
let home: Home;

beforeAll(async () => {
  rig = await openRig({ apiKey: 'right-key' });
  home = rig.home();
  process.env['STORY_KEY'] = 'right-key';
  await home.worker();
});
afterEach(async () => await rig.behave({ latencyMs: 0, faults: [] }));
afterAll(async () => await rig.close());

/** Both endpoints by address and key, as a hosted one would be configured. */
function remote(name: string, seed: number, change: { teacherModel?: string; keyName?: string; url?: string } = {}) {
  const url = change.url ?? rig.embedded().url;
  const key = change.keyName ?? 'STORY_KEY';
  return wordnetSpec(
    name,
    { method: 'random-ft-cot', seed },
    {
      teacher: `{ baseUrl: '${url}', model: '${change.teacherModel ?? 'simulated-wordnet?noise=0.2&pool=600'}', apiKeyEnv: ${key} }`,
      student: `{ baseUrl: '${rig.embedded().url}', model: naive-bayes, apiKeyEnv: STORY_KEY }`,
    },
  );
}

test('a wrong key blocks the run with a sentence; with the right key it goes on', async () => {
  process.env['STORY_OTHER_KEY'] = 'wrong-key-1234567890';
  const handle = await home.start(remote('wrong-key', 21, { keyName: 'STORY_OTHER_KEY' }));
  const { blocked, status } = await until(handle, (progress) => progress.status === 'blocked');
  expect(status).toBe('blocked');
  expect(blocked?.type).toBe('EndpointRefusesKey');
  expect(blocked?.remedy).toContain('API key');
  expect(JSON.stringify(blocked)).not.toContain('wrong-key-1234567890');
  expect((await handle.describe()).searchAttributes).toMatchObject({ BaldistillStatus: ['blocked'] });

  process.env['STORY_OTHER_KEY'] = 'right-key';
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('an unknown model blocks the run', async () => {
  const handle = await home.start(remote('no-model', 22, { teacherModel: 'gpt-that-never-was' }));
  const { blocked } = await until(handle, (progress) => progress.status === 'blocked');
  expect(blocked?.type).toBe('ModelUnknown');
  await handle.terminate('end of the story');
});

test('no credit blocks the run without burning calls, and it goes on when there is credit', async () => {
  await rig.behave({
    faults: [
      {
        status: 429,
        when: 'before',
        every: 1,
        headers: {},
        body: {
          error: {
            message: 'You exceeded your current quota',
            type: 'insufficient_quota',
            code: 'insufficient_quota',
            param: null,
          },
        },
      },
    ],
  });
  const before = await rig.counters();
  const handle = await home.start(remote('no-credit', 23));
  const { blocked, budget } = await until(handle, (progress) => progress.status === 'blocked');
  expect(blocked?.type).toBe('BillingExhausted');
  expect(budget?.charged ?? 0).toBe(0);
  expect((await rig.counters()).billed).toBe(before.billed);
  await rig.behave({ faults: [] });
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('rate limits are waited for, never charged', async () => {
  await rig.behave({
    faults: [{ status: 429, when: 'before', every: 3, count: 20, headers: { 'retry-after-ms': '50' } }],
  });
  const before = await rig.counters();
  const handle = await home.start(remote('rate-limited', 24));
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  expect((await rig.counters()).billed - before.billed).toBeLessThanOrEqual(120);
});
