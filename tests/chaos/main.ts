/**
 * `npm run chaos -- --runs 100 --seed 1 [--only FAULT[,FAULT]] [--first N] [--parallel N] [--keep]`: exit 1 on a
 * violation. `--plain`: no endpoint is idempotent; `--tight`: no call beyond the slots.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { campaign } from './driver.ts';
import { faultNames } from './faults.ts';
import { slots } from './plan.ts';
import { endAll } from './processes.ts';
import type { Outcome } from './run-one.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    only: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    deadline: { type: 'string', default: '120' },
    plain: { type: 'boolean', default: false },
    tight: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const Count = z.coerce.number().int().nonnegative();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const only = z.array(z.enum(faultNames)).parse(values.only?.split(',') ?? []);

process.once('SIGINT', () => void endAll().then(() => process.exit(130)));

const startedAt = performance.now();
const outcomes = await campaign(
  {
    runs: Count.parse(values.runs),
    seed: Count.parse(values.seed),
    first: Count.parse(values.first),
    only,
    parallel: Count.parse(values.parallel),
    specSeeds: only.length > 0 ? 1 : 2,
    force: { ...(values.plain ? { idempotent: false } : {}), ...(values.tight ? { calls: slots } : {}) },
    deadlineMs: Count.parse(values.deadline) * 1000,
    keep: values.keep,
  },
  (outcome) => say(lineOf(outcome)),
);
const violations = outcomes.reduce((sum, outcome) => sum + outcome.violations.length, 0);
say('');
say(tableOf(outcomes));
say('');
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
say(`${outcomes.length} runs, seed ${values.seed}, ${minutes} minutes, ${violations} violations`);
const reset = outcomes.filter(({ afterSignal }) => afterSignal > 0);
if (reset.length > 0) {
  const most = Math.max(...reset.map(({ afterSignal }) => afterSignal));
  say(
    `in ${reset.length} of them an endpoint reset calls that left after its signal and before its end: at most ${most}`,
  );
}
process.exit(violations === 0 ? 0 : 1);

function lineOf(outcome: Outcome): string {
  const { plan, forfeited, afterSignal, recovered, blockedBy, wallSeconds, violations: found, folder } = outcome;
  const strikes = plan.strikes.map(({ fault, at }) => `${fault}@${at}`).join(' ');
  const kind = plan.idempotent ? 'idempotent' : 'plain';
  const late = afterSignal > 0 ? ` (${afterSignal} left after the signal)` : '';
  const figures = `${forfeited} forfeited${late}, ${recovered} recovered, ${wallSeconds.toFixed(1)} s`;
  const reasons = blockedBy.length === 0 ? '' : `, blocked by ${blockedBy.join(' and ')}`;
  const head = `${plan.name} ${kind} L=${plan.calls} ${strikes}: ${figures}${reasons}`;
  return [
    head,
    ...found.map((violation) => `  VIOLATION ${violation}`),
    ...(found.length > 0 ? [`  kept: ${folder}`] : []),
  ].join('\n');
}
