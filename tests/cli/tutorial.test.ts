/** docs/tutorial.md, command by command, as a person types them. */
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { Report } from '../../contracts/report.ts';
import { ends, launcher, openHome } from '../durability/rig.ts';

const root = dirname(dirname(launcher));

test('the tutorial does what it says', { timeout: 240_000 }, async () => {
  const text = readFileSync(join(root, 'docs', 'tutorial.md'), 'utf8');
  const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  expect(commands.length).toBeGreaterThan(8);
  const home = await openHome();
  try {
    const person = join(home.path, 'person');
    mkdirSync(person);
    // The Temporal server of this machine lies in the cache: it is not built again.
    const settings = ['set -eu', 'export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}"', `export HOME='${person}'`];
    const script = [...settings, `cd '${root}'`, ...commands].join('\n');
    const { stdout } = await ends(home.cliOf('/bin/sh', '-c', script), 0);
    expect(stdout).toContain('n00036782,');
    expect(stdout).toContain(
      '1500 slots: 1475 real rows, 25 to synthesize; 1500 teacher calls as planned, at most 1700.',
    );
    expect(stdout).toMatch(/"content":"The answer is: \w+"/);
    const report = (run: string): Report =>
      Report.parse(JSON.parse(readFileSync(join(home.path, 'runs', run, 'report.json'), 'utf8')));
    expect(report('kinds')).toMatchObject({ status: 'completed', ledger: { charged: 1497 } });
    expect(report('kinds,method=random-ft-cot')).toMatchObject({ status: 'completed', ledger: { charged: 1500 } });
    expect(readFileSync(join(person, 'kinds', 'kinds-set', 'README.md'), 'utf8')).toContain('kinds');
    expect(home.processes()).toEqual([]);
  } finally {
    await home.end();
  }
});
