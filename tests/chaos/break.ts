/**
 * `node tests/chaos/break.ts [N]`: applies each deliberate break (or the Nth) to a copy of the sources and lets the
 * proof find it. Exit 1 when it finds one not.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { otherSources } from '../durability/other-sources.ts';
import { breaks } from './breaks.ts';
import type { Break } from './breaks.ts';

const chosen = process.argv[2] === undefined ? breaks : [breaks.at(Number(process.argv[2]) - 1)];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

let missed = 0;
for (const broken of chosen) {
  if (broken === undefined) throw new Error(`there are ${breaks.length} breaks`);
  const tree = mkdtempSync(join(tmpdir(), 'chaos-break-'));
  try {
    otherSources(tree, broken.edits);
    const said = prove(broken, tree);
    const violations = said.filter((line) => line.includes('VIOLATION'));
    say(`\n## ${broken.name}: ${violations.length > 0 ? 'caught' : 'MISSED'}`);
    for (const line of said) say(line);
    if (violations.length === 0) missed += 1;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}
process.exitCode = missed === 0 ? 0 : 1;

/** What the proof said about the broken sources: the line of each run, and its violations. */
function prove({ faults, options }: Break, tree: string): string[] {
  const args = ['--runs', '4', '--seed', '1', '--only', faults.join(','), '--deadline', '60', ...options];
  const command = ['--disable-warning=ExperimentalWarning', 'tests/chaos/main.ts', ...args];
  say(`\n$ npm run chaos -- ${args.join(' ')}`);
  const { stdout } = spawnSync(process.execPath, command, {
    cwd: tree,
    // What a violation leaves behind goes with the tree.
    env: { ...process.env, TMPDIR: tree },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').filter((line) => /^chaos-|VIOLATION|violations$/.test(line));
}
