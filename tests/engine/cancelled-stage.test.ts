/** A stage that is cancelled alone, as Temporal’s UI allows: the run ends with it and says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';
import { resultLines } from '../../cli/follow/attach.ts';
import { Report } from '../../contracts/report.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { distill } from '../../workflows/index.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();
afterEach(async () => await at.rig.behave({ latencyMs: 0, faults: [] }));

const slow = { teacher: '{ embedded: simulated, concurrency: 4 }' };
const fileOf = (run: string, name: string): string => readFileSync(join(at.home.path, 'runs', run, name), 'utf8');

/** Started, with some calls answered and many to come. */
async function inItsCalls(spec: RunSpec): Promise<WorkflowHandle<typeof distill>> {
  await at.rig.behave({ latencyMs: 400 });
  const { requests } = await at.rig.counters();
  const handle = await at.home.start(spec);
  await expect.poll(async () => (await at.rig.counters()).requests, { timeout: 20_000 }).toBeGreaterThan(requests + 4);
  return handle;
}

test('in the middle of its calls: the run is stopped after it, tested, and says which stage it was', async () => {
  const handle = await inItsCalls(wordnetSpec('cut-stage', { method: 'adaptive-ft-cot', seed: 91 }, slow));
  await at.rig.client.workflow.getHandle('cut-stage/stage-0').cancel();
  await until(handle, ({ finished }) => finished.length > 0);
  await at.rig.behave({ latencyMs: 0 });
  const result = await handle.result();
  expect(result).toMatchObject({ status: 'stopped', cancelledStage: 0 });

  const report = Report.parse(JSON.parse(fileOf('cut-stage', 'report.json')));
  expect(report.status).toBe('stopped');
  expect(report.stages.map(({ cancelled }) => cancelled)).toEqual([true]);
  expect(report.ledger.charged).toBeLessThan(40);
  for (const name of ['report.md', 'report.html'])
    expect(fileOf('cut-stage', name)).toContain('Stage 0 was cancelled, which ended the run');
  expect(resultLines(at.home.path, result)).toContain('stage 0 was cancelled by itself, and the run ended with it');
});

test('the last one: a run of all its stages is stopped, not completed', async () => {
  const spec = wordnetSpec('cut-last', { method: 'adaptive-ft-cot', seed: 92, stages: 1 }, slow);
  const handle = await inItsCalls(spec);
  await at.rig.client.workflow.getHandle('cut-last/stage-0').cancel();
  await at.rig.behave({ latencyMs: 0 });
  expect(await handle.result()).toMatchObject({ status: 'stopped', cancelledStage: 0 });
});

test('before its first call: the run is stopped, and does not fail', async () => {
  // Selecting and planning take a moment; whoever is that fast finds a stage without a call.
  const spec = wordnetSpec('cut-early', { method: 'adaptive-ft-cot', seed: 93, stages: 2 }, slow);
  const handle = await at.home.start(spec);
  await until(handle, ({ stage }) => stage === 0);
  const stage = at.rig.client.workflow.getHandle('cut-early/stage-0');
  await expect
    .poll(
      async () =>
        await stage.cancel().then(
          () => true,
          () => false,
        ),
      { interval: 5 },
    )
    .toBe(true);
  expect(await handle.result()).toMatchObject({ status: 'stopped', cancelledStage: 0 });
});
