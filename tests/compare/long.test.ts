/** A comparison whose history grows too long goes on as a new execution, and one that meets runs of others joins them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Comparison } from '../../contracts/comparison/comparison.ts';
import { progressOfComparison } from '../../workflows/messages.ts';
import type { compare } from '../../workflows/index.ts';
import { openStories } from '../engine/rig.ts';
import { comparisonInput, wordnet } from './support.ts';

const at = openStories({ continueAfterEvents: 60 });

test('a long comparison continues as new between cells, and joins a cell that another comparison runs', async () => {
  const { home, rig } = at;
  const { input, plan } = await comparisonInput(home, [
    'name: long',
    wordnet,
    'methods: [random-ft-cot]',
    'slots: [30]',
    'stages: [1]',
    'seeds: 8',
  ]);
  const own = plan.runs[0]?.spec;
  if (own === undefined) throw new Error('no cells');
  await rig.behave({ latencyMs: 50 });
  const foreign = await home.start(own);
  const handle = await rig.client.workflow.start<typeof compare>('compare', {
    workflowId: input.comparison.name,
    taskQueue: home.config.taskQueues.control.name,
    args: [input],
  });
  const result = await handle.result();
  expect(result).toMatchObject({ name: 'long', status: 'completed', counts: { completed: 8, failed: 0 } });
  expect(await foreign.result()).toMatchObject({ status: 'completed' });

  const executions = rig.client.workflow.list({ query: "WorkflowType = 'compare' AND WorkflowId = 'long'" });
  let count = 0;
  for await (const { status } of executions) count += Number(status.name === 'CONTINUED_AS_NEW');
  expect(count).toBeGreaterThan(0);
  const json = readFileSync(join(home.path, 'comparisons', 'long', 'comparison.json'), 'utf8');
  const { blocks, cells } = Comparison.parse(JSON.parse(json));
  expect(blocks[0]?.rows[0]?.entries[0]).toMatchObject({ seeds: 8, of: 8 });
  expect(cells.every(({ charged }) => charged === 30)).toBe(true);
  expect(await rig.client.workflow.getHandle('long').query(progressOfComparison)).toMatchObject({
    status: 'completed',
    charged: 240,
  });
  const history = await rig.client.workflow.getHandle('long').fetchHistory();
  for (const event of history.events ?? []) expect(JSON.stringify(event).length).toBeLessThan(64 * 1024);
});
