import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { openStories, until, wordnetSpec } from './rig.ts';
import type { Home } from './rig.ts';

const at = openStories();
afterEach(async () => await at.rig.behave({ latencyMs: 0, faults: [] }));

const bytes = (home: Home, run: string): string => readFileSync(join(home.path, 'runs', run, 'train.jsonl'), 'utf8');

test('a terminated run can be started again at once, while its stage still drains, and uses all paid answers', async () => {
  const spec = wordnetSpec(
    'again',
    { method: 'baldistill-a', seed: 51 },
    {
      teacher: '{ embedded: simulated, concurrency: 8 }',
    },
  );
  const undisturbed = await (await at.home.start({ ...spec, name: 'undisturbed' })).result();
  const other = at.rig.home();
  await other.worker();
  const billed = (await at.rig.counters()).billed;

  const first = await other.start(spec);
  await until(first, ({ stage }) => stage === 1);
  // Calls are slow, so that the old stage has calls in flight after its parent ended.
  await at.rig.behave({ latencyMs: 700 });
  await until(first, ({ stage, step }) => stage === 1 && step === 'generate');
  const sentBefore = (await at.rig.counters()).requests;
  await expect.poll(async () => (await at.rig.counters()).requests, { timeout: 20_000 }).toBeGreaterThan(sentBefore);
  await first.terminate('story');
  const second = await other.start(spec);
  await at.rig.behave({ latencyMs: 0 });
  expect(await second.result()).toMatchObject({ status: 'completed', macro: undisturbed.macro });

  const ledger = await openLedger({ path: join(other.path, 'ledger.sqlite') });
  try {
    const { budget, calls } = await ledger.summary({ run: 'again' });
    expect(calls).toMatchObject({ open: 0, forfeited: 0 });
    // Each call once: nothing was paid twice, and answers of the first start are used.
    expect((await at.rig.counters()).billed - billed).toBe(budget.charged);
    expect(budget.charged).toBeLessThanOrEqual(120);
  } finally {
    await ledger.close();
  }
  expect(bytes(other, 'again')).toBe(bytes(at.home, 'undisturbed'));

  // Later, when Temporal may have deleted the run: everything is in the ledger.
  const before = await at.rig.counters();
  await (await other.start(spec)).result();
  expect(await at.rig.counters()).toEqual(before);
}, 150_000);
