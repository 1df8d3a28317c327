/** A run after plan and pilot: the estimate holds, and the run uses the answers that the pilot bought. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { choosePilot, pilotRates, runPilot } from '../../estimate/pilot.ts';
import type { PilotAnswer } from '../../estimate/pilot.ts';
import { certainCalls } from '../../estimate/prompts/certain-calls.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import type { LedgerEntry } from '../../activities/ports/ledger.ts';
import { planningWorld, planOfRun } from '../../cli/estimate/estimate-run.ts';
import type { RunPlan } from '../../cli/estimate/estimate-run.ts';
import { withPilotWorld } from '../../cli/estimate/pilot-world.ts';
import { Report } from '../../contracts/report.ts';
import type { Range } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { violations } from '../ledger/ledger-file.ts';
import { openStories, wordnetSpec } from '../engine/rig.ts';
import type { Home } from '../engine/rig.ts';

const at = openStories();

/** Many domains of the small pool run out of rows, so a third of the slots needs synthetic rows. */
function synthesisHeavy(name: string): RunSpec {
  const model = 'simulated-wordnet?noise=0.2&pool=600';
  const teacher = `{ baseUrl: '${at.rig.embedded().url}', model: '${model}', price: { input: 1, output: 4 } }`;
  const switches = '{ balance: naive, onMismatch: answer-only, nearDuplicates: drop, refill: 1 }';
  return wordnetSpec(name, { seed: 5 }, { teacher, switches, budget: '{ slots: 240, calls: 270 }' });
}

async function pilot(
  home: Home,
  spec: RunSpec,
  { prepared, pool }: RunPlan,
  n: number,
  output: Output = 'json-schema',
): Promise<readonly PilotAnswer[]> {
  const certain = await certainCalls(planningWorld(home.path, null), { spec, prepared }, pool, output);
  const calls = choosePilot(certain, pool, n);
  const run = { spec, prepared, selection: certain.first?.selection };
  return await withPilotWorld(
    home.path,
    spec,
    async (world) => await runPilot(world, run, calls, new AbortController().signal),
  );
}

async function entriesOf(home: Home, run: string): Promise<readonly LedgerEntry[]> {
  const ledger = await openLedger({ path: join(home.path, 'ledger.sqlite') });
  try {
    return await ledger.entries({ run });
  } finally {
    await ledger.close();
  }
}

const fileOf = (home: Home, run: string, name: string): string =>
  readFileSync(join(home.path, 'runs', run, name), 'utf8');

const width = ({ low, high }: Range): number => high - low;

function expectWithin(range: Range | null, actual: number): void {
  expect(range).not.toBeNull();
  expect(actual).toBeGreaterThanOrEqual(range?.low ?? Infinity);
  expect(actual).toBeLessThanOrEqual(range?.high ?? -Infinity);
}

test('a pilot buys calls of several stages, which the run uses; the result is unchanged and within the estimate', async () => {
  const { home } = at;
  const spec = synthesisHeavy('piloted');
  const plan = await planOfRun(home.path, spec);
  const uncalibrated = plan.estimate;
  const before = await at.rig.counters();
  const answers = await pilot(home, spec, plan, 6);
  expect((await at.rig.counters()).billed - before.billed).toBe(12);
  expect(pilotRates(answers)).toMatchObject({ calls: 12, answered: 12, mismatch: 0, truncated: 0, unparseable: 0 });
  expect(new Set(answers.map(({ stage }) => stage)).size).toBeGreaterThan(1);
  const domains = answers.flatMap(({ call }) => (call.kind === 'annotate' ? [call.domain] : []));
  expect(new Set(domains).size).toBe(6);
  // A second pilot costs nothing: the answers belong to the run.
  await pilot(home, spec, plan, 6);
  expect((await at.rig.counters()).billed - before.billed).toBe(12);

  const { estimate } = await planOfRun(home.path, spec);
  expect(estimate.teacher).toMatchObject({ bought: 12, calls: 240, callLimit: 270 });
  await (await home.start(spec)).result();
  const report = Report.parse(JSON.parse(fileOf(home, spec.name, 'report.json')));
  const { ledger } = report;
  expect((await at.rig.counters()).billed - before.billed).toBe(ledger.settled);
  const entries = await entriesOf(home, spec.name);
  for (const { stage, call, record } of answers) {
    const own = entries.filter((entry) => entry.stage === stage && entry.round === 0 && entry.slot === call.slot);
    expect(own).toEqual([expect.objectContaining({ callId: record?.callId, role: 'payer', kind: call.kind })]);
  }
  const sent = entries.filter(({ round }) => round === 0);
  expect(sent.length).toBe(estimate.teacher.calls);
  expect(sent.filter(({ kind }) => kind === 'synthesize').length).toBe(
    estimate.stages.reduce((sum, stage) => sum + stage.synthesize, 0),
  );
  for (const { teacher } of [uncalibrated, estimate]) {
    expectWithin(teacher.inputTokens, ledger.inputTokens);
    expectWithin(teacher.outputTokens, ledger.outputTokens);
    expectWithin(teacher.microUsd, ledger.money.teacherMicroUsd);
  }
  expect(width(estimate.teacher.outputTokens)).toBeLessThan(width(uncalibrated.teacher.outputTokens) / 4);
  expect(report.estimate?.teacher).toEqual(estimate.teacher);
  expect(fileOf(home, spec.name, 'report.md')).toContain('| teacher calls | 240, at most 270 |');
  expect(fileOf(home, spec.name, 'report.html')).toContain('Planned and actual');
  expect(violations(join(home.path, 'ledger.sqlite'))).toEqual([]);

  const other = at.rig.home();
  await other.worker();
  await (await other.start(spec)).result();
  for (const name of ['train.jsonl', 'train.provenance.jsonl'])
    expect(fileOf(other, spec.name, name)).toBe(fileOf(home, spec.name, name));
});

test('calls that another run has paid for are estimated as free, and are free', async () => {
  const { home } = at;
  const model = { ...synthesisHeavy('first'), stages: 1 };
  await (await home.start(model)).result();
  const spec = { ...model, name: 'second' };
  const { estimate } = await planOfRun(home.path, spec);
  expect(estimate.teacher.answered).toEqual({ low: 240, likely: 240, high: 240 });
  expect(estimate.teacher.inputTokens.likely).toBe(0);
  const before = await at.rig.counters();
  await (await home.start(spec)).result();
  expect((await at.rig.counters()).billed).toBe(before.billed);
});

test('the run uses a pilot that fell back to text, including the call that found the format', async () => {
  await at.rig.behave({ structured: 'none' });
  // A separate home, so that no other run has answers in another format.
  const home = at.rig.home();
  await home.worker();
  const spec = { ...synthesisHeavy('worded'), seed: 6 };
  const plan = await planOfRun(home.path, spec);
  await expect(pilot(home, spec, plan, 30)).rejects.toThrow('response_format');
  const answers = await pilot(home, spec, plan, 30, 'text');
  expect(answers.some(({ stage, call }) => stage === 0 && call.slot === 0)).toBe(true);
  expect((await planOfRun(home.path, spec)).estimate.teacher.bought).toBe(answers.length);
  expect(await (await home.start(spec)).result()).toMatchObject({ status: 'completed' });
  const report = Report.parse(JSON.parse(fileOf(home, spec.name, 'report.json')));
  expect(report.prompts.output).toBe('text');
  const entries = await entriesOf(home, spec.name);
  for (const { stage, call, record } of answers)
    expect(entries).toContainEqual(
      expect.objectContaining({ stage, round: 0, slot: call.slot, callId: record?.callId, role: 'payer' }),
    );
  await at.rig.behave({ structured: 'json-schema' });
});
