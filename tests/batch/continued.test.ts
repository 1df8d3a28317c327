/** A stage that waits for its batches longer than one workflow history allows. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStories, wordnetSpec } from '../engine/rig.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';
import { batchesAt, slotsWithoutOneAnswer } from './support.ts';

const at = openStories({ continueAfterEvents: 60 });

test('it continues as new while batches are running, finds them again and submits none twice', async () => {
  const { home, rig } = at;
  await rig.behave({ batches: { lineMs: 60, mostLines: 50_000, mostBytes: 2e8, mostTokens: null } });
  const before = await rig.counters();
  const teacher = '{ embedded: simulated, noise: 0.18, mode: batch, batch: { maxRequests: 40 } }';
  const spec = wordnetSpec(
    'continued',
    { method: 'adaptive-ft-cot', stages: 1 },
    { teacher, student: '{ driver: none }', budget: '{ slots: 120 }' },
  );
  expect(await (await home.start(spec)).result()).toMatchObject({ status: 'completed' });

  const executions: string[] = [];
  for await (const { status } of rig.client.workflow.list({ query: `WorkflowId = 'continued/stage-0'` }))
    executions.push(status.name);
  expect(executions.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(0);
  const batches = await batchesAt(rig.embedded().url);
  expect(batches.map(({ status, request_counts: { total } }) => [status, total])).toEqual([
    ['completed', 40],
    ['completed', 40],
    ['completed', 40],
  ]);
  expect((await rig.counters()).billed - before.billed).toBe(120);
  const file = join(home.path, 'ledger.sqlite');
  expect(slotsWithoutOneAnswer(file, 'continued')).toEqual([]);
  expect(queryLedger(file, `select charged, settled, forfeited from runs where name = 'continued'`)).toEqual([
    { charged: 120, settled: 120, forfeited: 0 },
  ]);
  expect(violations(file)).toEqual([]);
});
