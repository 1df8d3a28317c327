/** A home whose ledger holds amounts beyond 2^53, as one answer once left it: every command works, and the run goes on. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ends, modelAway, openHome, resultOf, storyFile } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

let home: Home;
beforeAll(async () => {
  home = await openHome();
});
afterAll(async () => await home.end());

const smallFile = (name: string, seed: number): string =>
  storyFile(name, '', seed).replace('stages: 4', 'stages: 2').replace('slots: 240', 'slots: 80');

test('ls, status, ledger show, ledger verify, export and resume end in order', { timeout: 180_000 }, async () => {
  await ends(home.cli('run', home.file('done.yaml', smallFile('done', 1))), 0);
  await home.behave({ faults: [modelAway] });
  const blocked = home.file('blocked.yaml', smallFile('blocked', 2));
  await ends(home.cli('run', blocked), 3);
  await home.behave({ faults: [] });

  const ledger = new DatabaseSync(join(home.path, 'ledger.sqlite'));
  ledger.exec(`
    update calls set input_tokens = 9223372036854775807 where call_id in
      (select call_id from charges where run = 'done' and slot < 3 and role = 'payer');
    update charges set tokens = 9007199254740991 where run = 'done' and slot < 3 and role = 'payer';
    update runs set tokens = 9223372036854775807, micro_usd = 9223372036854775807, excess_tokens = 9007199254740991;
    update events set tokens = 9223372036854775807 where counter % 7 = 0`);
  ledger.close();

  const { stdout: list } = await ends(home.cli('ls'), 0);
  expect(list).toMatch(/done .* completed/);
  for (const run of ['done', 'blocked']) {
    await ends(home.cli('status', run), 0);
    await ends(home.cli('ledger', 'show', run), 0);
    await ends(home.cli('ledger', 'show', run, '--calls'), 0);
  }
  const verified = await ends(home.cli('ledger', 'verify', 'done'), 0);
  expect(verified.stdout).toMatch(/ok +ledger/);
  await ends(home.cli('export', 'done'), 0);
  await ends(home.cli('resume', 'blocked'), 0);
  expect(resultOf(await ends(home.cli('run', blocked, '--json'), 0))).toMatchObject({ status: 'completed' });
  const { budget } = await home.summary('blocked');
  expect(budget.charged).toBe(80);
  expect(budget.tokens.charged).toBeLessThan(1_000_000);
});
