/**
 * No payload between workflows and activities grows past half a megabyte, however large the data, the settings, and what
 * endpoints say: the engine refuses 2 MB, and a workflow whose payload it refuses cannot go on.
 */
import { expect, test } from 'vitest';
import { openRunTally } from '../../activities/calls/run-tally.ts';
import {
  CloseStageInput,
  PlanRoundInput,
  ReportInput,
  RoundPlan,
  SliceResult,
} from '../../contracts/activity-messages.ts';
import { Gathered } from '../../contracts/batch-messages.ts';
import { CompareMemory } from '../../contracts/comparison/comparison-messages.ts';
import {
  longestEndpointName,
  mostCarried,
  mostOpenBatches,
  mostReasons,
  mostReported,
} from '../../contracts/payload-limits.ts';
import { Progress, StageProgress } from '../../contracts/progress.ts';
import { StageInput } from '../../contracts/stage.ts';
import { mostRounds } from '../../domain/quotas/rounds.ts';
import { openBlockState } from '../../workflows/blocking.ts';
import { pastOf } from '../../workflows/distill/past-stages.ts';
import { freshMemory, takeResult, keptPlan, snapshot } from '../../workflows/stage/stage-state.ts';
import {
  balanced,
  blocked,
  budget,
  chunkOf,
  connected,
  domains,
  look,
  pin,
  plan,
  prepared,
  reference,
  sliceResult,
  spec,
  stageInput,
  stageResult,
  student,
  wide,
} from './worst.ts';

const most = 512 * 1024;
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const stages = Array.from({ length: 100 }, (_, stage) => stageResult(stage));
const input = stageInput(pastOf(stages.slice(0, 99)));
const rounds = mostRounds({ ...spec.switches, refill: 10, shortfall: 'reallocate', verify: 'teacher' });
const plans = Array.from({ length: rounds }, (_, round) => keptPlan(plan(round, 300)));
const small = Array.from({ length: rounds }, (_, round) => keptPlan(plan(round, 4)));

/** A stage in its last round: every chunk came back with calls unsent, and 8 workers report. */
const memory = {
  ...freshMemory(0, pin),
  balanced,
  selected: { selection: reference, candidates: 1, cut: 1 },
  plans,
  pending: plan(0, 300).chunks,
  budget,
  domains: domains(200),
};
for (let chunk = 0; chunk < 300; chunk += 1)
  takeResult(memory, chunkOf(chunk), { ...sliceResult, flow: { worker: `worker-${chunk % 8}`, look } });

const batch = { id: 'f'.repeat(36), lines: 50_000, tokens: 1_000_000_000 };
const gathered: Gathered = {
  batches: Array.from({ length: mostOpenBatches }, () => batch),
  answered: 1,
  empty: 1,
  waiting: 1,
  domains: domains(mostReported).map(({ domain, real, synthetic }) => ({ domain, real, synthetic })),
  budget,
  ledger: pin,
};
const submitted = { batch, remote: wide(longestEndpointName) };
const reasons = Array.from({ length: 300 }, (_, index) => ({ index, reason: wide(100) }));
const statuses = Array.from({ length: 500 }, () => 'completed' as const);
const run = 'r'.repeat(200);
const comparison: CompareMemory = {
  statuses,
  reasons,
  charged: statuses.map(() => Number.MAX_SAFE_INTEGER),
  blocked: statuses.map((_, index) => ({ index, run, again: false })),
  names: Array.from({ length: 100 }, (_, index) => ({ index, run })),
  startedAt: 1,
  paused: false,
  stopping: false,
};
const progress: Progress = {
  run,
  method: spec.method,
  status: 'blocked',
  step: 'generate',
  blocked,
  stage: 99,
  stages: 100,
  budget,
  finished: stages.map(({ stage, counts: { slots, real, synthetic, duplicated, unfilled } }) => {
    const counts = { slots, real, synthetic, duplicated, unfilled };
    return { stage, ...counts, macro: 0.123456789, micro: 0.123456789, seconds: 12345.6789 };
  }),
  test: { macro: 0.123456789, micro: 0.123456789 },
  stopAfterStage: false,
  startedAt: 1,
  ledger: pin,
  simulated: [wide(300)],
};

test.each<[string, unknown, { parse(value: unknown): unknown } | null]>([
  ['a stage', input, StageInput],
  ['planning a round', { input, balanced, selection: reference, earlier: plans }, PlanRoundInput],
  ['planning a round, of short ones', { input, balanced, selection: reference, earlier: small }, PlanRoundInput],
  ['a plan', plan(0, 300), RoundPlan],
  ['closing a stage', { input, balanced, plans }, CloseStageInput],
  ['what a slice did', sliceResult, SliceResult],
  ['a stage continued as new', { input, engine: {}, paused: false, memory }, null],
  ['progress of a stage', { ...snapshot(99, memory, { ...openBlockState(), blocked }) }, StageProgress],
  ['progress of a run', progress, Progress],
  ['gathering', { spec, connected, stage: 1, round: 1, chunks: plan(0, 100).chunks }, null],
  ['what was gathered', gathered, Gathered],
  ['batches that were cancelled', Array.from({ length: mostOpenBatches }, () => submitted), null],
  [
    'a report',
    {
      spec,
      connected,
      prepared,
      stages,
      test: stages[0]?.validation,
      status: 'completed',
      startedAt: 1,
      stageSeconds: stages.map(() => 12345.678),
    },
    ReportInput,
  ],
  ['a comparison continued as new', { name: run, plan: reference, memory: comparison }, null],
  ['the memory of a comparison', comparison, CompareMemory],
])('%s', (_, value, schema) => {
  schema?.parse(value);
  expect(bytes(value)).toBeLessThan(most);
});

test('an endpoint with a code of its own for every call makes no long list of them', () => {
  const tally = openRunTally(0);
  for (let call = 0; call < 10_000; call += 1) tally.failed(`code-${call}`);
  const { failed } = tally.snapshot(1, 0, 0);
  expect(Object.keys(failed)).toHaveLength(mostReasons);
  expect(Object.values(failed).reduce((sum, count) => sum + count, 0)).toBe(10_000);
});

test('what a workflow starts at one moment fits into one message of 4 MB', () => {
  const slice = { spec, connected, stage: 1, round: 1, chunk: reference };
  expect(64 * bytes(slice)).toBeLessThan(3.8e6);
  expect(mostCarried * bytes({ spec, connected, batch })).toBeLessThan(3.8e6);
  // Sixteen cells, each with its settings as argument and as memo.
  expect(16 * 2 * bytes(spec)).toBeLessThan(3.8e6);
  expect(bytes({ spec, connected, prepared, student, split: 'test' })).toBeLessThan(most);
});
