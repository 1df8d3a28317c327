import { readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';

const folder = fileURLToPath(new URL('histories', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
let codePath: string;

beforeAll(async () => {
  codePath = await workflowBundle(join(tmpdir(), 'baldistill-bundles'), buildId());
});

test('there is a plain, a steered and a cancelled run of each kind, a stage of many rounds, a run of no stage, a comparison', () => {
  const kinds = ['distill', 'stage'].flatMap((kind) => [kind, `${kind}-steered`, `${kind}-cancelled`]);
  kinds.push('distill-zero', 'stage-rounds', 'compare');
  expect(files.sort()).toEqual(kinds.map((kind) => `${kind}.json`).sort());
});

test.each(files)('today’s workflows replay %s', async (file) => {
  const history: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  await Worker.runReplayHistory({ workflowBundle: { codePath } }, history, workflowIdOf(file));
});

test('a history that another workflow wrote is refused', async () => {
  const text = readFileSync(join(folder, 'stage.json'), 'utf8').replace('"name": "select"', '"name": "balance"');
  const history: unknown = JSON.parse(text);
  await expect(Worker.runReplayHistory({ workflowBundle: { codePath } }, history, 'replayed/stage-1')).rejects.toThrow(
    /TMPRL1100|nondeterminism/i,
  );
});

function workflowIdOf(file: string): string {
  if (file === 'distill-zero.json') return 'zero';
  if (file === 'compare.json') return 'grid';
  if (file === 'stage-rounds.json') return 'rounds/stage-0';
  const run = file.includes('steered') ? 'steered' : file.includes('cancelled') ? 'cut' : 'replayed';
  if (file.startsWith('distill')) return run;
  return `${run}/stage-${run === 'replayed' ? 1 : 0}`;
}
