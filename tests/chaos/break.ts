/**
 * `node tests/chaos/break.ts [N]`: applies each deliberate break (or the Nth) to a copy of the sources and lets the
 * proof find it, in up to 24 runs. Exit 1 when it finds one not.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { otherSources } from '../durability/other-sources.ts';
import { breaks } from './breaks.ts';
import type { Break } from './breaks.ts';

const chosen = process.argv[2] === undefined ? breaks : [breaks.at(Number(process.argv[2]) - 1)];
const atOnce = 4;
const mostRuns = 24;
const isViolation = (line: string): boolean => line.includes('VIOLATION');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

let missed = 0;
for (const broken of chosen) {
  if (broken === undefined) throw new Error(`there are ${breaks.length} breaks`);
  const tree = mkdtempSync(join(tmpdir(), 'chaos-break-'));
  try {
    otherSources(tree, broken.edits);
    const said: string[] = [];
    // A fault may strike in a moment that shows nothing: a worker is stopped while it has no call in flight.
    for (let first = 0; first < mostRuns && !said.some(isViolation); first += atOnce)
      said.push(...prove(broken, tree, first));
    const caught = said.some(isViolation);
    say(`\n## ${broken.name}: ${caught ? 'caught' : 'MISSED'}`);
    for (const line of said) say(line);
    if (!caught) missed += 1;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}
process.exitCode = missed === 0 ? 0 : 1;

/** What the proof said about the broken sources: the line of each run, and its violations. */
function prove({ faults, options }: Break, tree: string, first: number): string[] {
  const runs = ['--runs', `${atOnce}`, '--first', `${first}`, '--seed', '1'];
  const args = [...runs, '--only', faults.join(','), '--deadline', '60', ...options];
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
