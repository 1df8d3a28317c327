/** A run that was started by another version, whose decisions this one cannot follow. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { otherSources } from './other-sources.ts';
import { ends, openHome, resultOf, storyFile, until } from './rig.ts';
import type { Home } from './rig.ts';

const tree = mkdtempSync(join(tmpdir(), 'baldistill-other-version-'));
let home: Home;

beforeAll(async () => {
  home = await openHome();
});
afterAll(async () => {
  await home.end();
  rmSync(tree, { recursive: true, force: true });
});

test('is named as such, is killed without its answer, and starts again with all that was paid', async () => {
  const older = otherSources(tree, [
    // One timer more: what this version decides no longer fits the history.
    {
      file: 'workflows/distill/distill.ts',
      from: 'export async function distill(input: DistillInput): Promise<RunResult> {',
      to: "export async function distill(input: DistillInput): Promise<RunResult> {\n  await sleep(1, { summary: 'older' });",
    },
    {
      file: 'workflows/distill/distill.ts',
      from: "} from '@temporalio/workflow';",
      to: "  sleep,\n} from '@temporalio/workflow';",
    },
  ]);
  const file = home.file('older.yaml', storyFile('older'));
  await ends(home.cliOf(older, 'dev'), 0);
  await home.behave({ latencyMs: 1000 });
  await ends(home.cliOf(older, 'run', file, '--detach'), 0);
  await until(async () => (await home.counters()).billed >= 40);
  await ends(home.cliOf(older, 'pause', 'older'), 0);

  const watched = await ends(home.cli('watch', 'older'), 1);
  expect(watched.stderr).toContain('was started by another version');
  await ends(home.cli('stop', 'older', '--kill'), 0);
  await home.behave({ latencyMs: 0 });
  expect(resultOf(await ends(home.cli('run', file, '--json'), 0))).toMatchObject({ status: 'completed' });
  const { budget, calls } = await home.summary('older');
  expect(calls).toMatchObject({ open: 0, forfeited: 0 });
  expect((await home.counters()).billed).toBe(calls.settled);
  expect(budget.charged).toBe(budget.limit);
});
