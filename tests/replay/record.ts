/**
 * Records the histories that the replay test keeps: `node tests/replay/record.ts`. Run it when a change of the
 * workflows is meant to change what they do, and keep the old files as long as such runs may be alive.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { pauseRun, resumeRun } from '../../workflows/messages.ts';
import { repository } from '../../workers/services/home.ts';
import type { compare } from '../../workflows/index.ts';
import { comparisonInput, wordnet } from '../compare/support.ts';
import { openRig, until, wordnetSpec } from '../engine/rig.ts';

const folder = fileURLToPath(new URL('histories', import.meta.url));
const rig = await openRig();
const home = rig.home();
await home.worker();
mkdirSync(folder, { recursive: true });

async function keep(workflowId: string, file: string): Promise<void> {
  const history = await rig.client.workflow.getHandle(workflowId).fetchHistory();
  writeFileSync(
    `${folder}/${file}.json`,
    `${historyToJSON(history).replaceAll(repository, '/repository/')}
`,
  );
}

const plain = await home.start(wordnetSpec('replayed', { method: 'baldistill-a', stages: 2 }));
await plain.result();
await keep('replayed', 'distill');
await keep('replayed/stage-1', 'stage');

// Rounds after the first: verified, filled again, verified, reallocated. And a run without a stage.
const switches = '{ balance: naive, verify: teacher, shortfall: reallocate }';
const teacher = '{ embedded: simulated, noise: 0.5 }';
const rounds = await home.start(wordnetSpec('rounds', { method: 'recommended', stages: 1 }, { switches, teacher }));
await rounds.result();
await keep('rounds/stage-0', 'stage-rounds');
await (await home.start(wordnetSpec('zero', { method: 'zero-shot-cot' }))).result();
await keep('zero', 'distill-zero');

// The harder one: paused, resumed, then blocked on an outage and resumed again.
await rig.behave({ latencyMs: 100 });
const steered = await home.start(wordnetSpec('steered', { method: 'adaptive-ft-cot', seed: 5, stages: 2 }));
await until(steered, ({ step }) => step === 'generate');
await steered.executeUpdate(pauseRun);
await rig.behave({
  latencyMs: 0,
  faults: [{ status: 401, when: 'before', every: 1, count: 1, headers: {} }],
});
await steered.executeUpdate(resumeRun, { args: [{}] });
await until(steered, ({ status }) => status === 'blocked');
await steered.executeUpdate(resumeRun, { args: [{}] });
await steered.result();
await keep('steered', 'distill-steered');
await keep('steered/stage-0', 'stage-steered');

const cancelled = await home.start(wordnetSpec('cut', { method: 'adaptive-ft-cot', seed: 6, stages: 2 }));
await rig.behave({ latencyMs: 200 });
await until(cancelled, ({ step }) => step === 'generate');
await cancelled.cancel();
await cancelled.result().catch(() => undefined);
await keep('cut', 'distill-cancelled');
await keep('cut/stage-0', 'stage-cancelled');

await rig.behave({ latencyMs: 50 });
const { input } = await comparisonInput(
  home,
  ['name: grid', wordnet, 'methods: [random-ft-cot, adaptive-ft-cot]', 'slots: [20]', 'stages: [1]', 'seeds: 2'],
  { limit: 70 },
);
const comparison = await rig.client.workflow.start<typeof compare>('compare', {
  workflowId: 'grid',
  taskQueue: input.engine.queues.control,
  args: [input],
});
await comparison.executeUpdate(pauseRun);
await comparison.executeUpdate(resumeRun, { args: [{}] });
await comparison.result();
await keep('grid', 'compare');
await rig.close();
process.exit(0);
