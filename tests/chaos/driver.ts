/** Runs disturbed runs, some at a time, against undisturbed ones of the same seeds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { startEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { kindOf } from './faults.ts';
import type { FaultName } from './faults.ts';
import { drawFaults, planOf, quietPlan } from './plan.ts';
import type { Plan } from './plan.ts';
import { runOne } from './run-one.ts';
import type { Outcome } from './run-one.ts';

export interface Campaign {
  readonly runs: number;
  readonly seed: number;
  /** Number of the first run; a single one is repeated with `--first N --runs 1`. */
  readonly first: number;
  readonly only: readonly FaultName[];
  /** Which faults each run gets; absent: drawn. */
  readonly lists?: readonly (readonly FaultName[])[];
  /** Instead of what is drawn. */
  readonly force?: Partial<Pick<Plan, 'calls' | 'idempotent'>>;
  readonly parallel: number;
  readonly specSeeds: number;
  readonly deadlineMs: number;
  readonly keep: boolean;
}

export async function campaign(settings: Campaign, onOutcome: (outcome: Outcome) => void): Promise<Outcome[]> {
  const { runs, seed, first, only, lists, specSeeds } = settings;
  const root = mkdtempSync(join(tmpdir(), 'chaos-'));
  const bundles = join(tmpdir(), 'baldistill-bundles');
  await workflowBundle(bundles, buildId());
  let shared: Engine | undefined;
  let kept = settings.keep;
  try {
    shared = await startEngine(join(root, 'engine'));
    const surroundings = { root, bundles, deadlineMs: settings.deadlineMs, keep: settings.keep };
    const quiet = new Map<number, string>();
    for (let specSeed = 0; specSeed < specSeeds; specSeed += 1) {
      const outcome = await runOne(quietPlan(`quiet-${specSeed}`, specSeed), { ...surroundings, engine: shared });
      if (outcome.violations.length > 0) {
        kept = true;
        onOutcome(outcome);
        return [outcome];
      }
      quiet.set(specSeed, outcome.training);
    }
    const plans = Array.from({ length: runs }, (_, index) => {
      const number = first + index;
      const drawn = lists?.[index] ?? (only.length > 0 ? only : drawFaults(seed, number));
      return planOf(seed, number, drawn, settings);
    });
    const outcomes: Outcome[] = [];
    const engine = shared;
    const lane = async (): Promise<void> => {
      for (let plan = plans.shift(); plan !== undefined; plan = plans.shift()) {
        const outcome = await disturbed(plan, { ...surroundings, engine }, quiet.get(plan.specSeed));
        kept ||= outcome.violations.length > 0;
        outcomes.push(outcome);
        onOutcome(outcome);
      }
    };
    await Promise.all(Array.from({ length: settings.parallel }, lane));
    return outcomes;
  } finally {
    await shared?.close();
    if (!kept) rmSync(root, { recursive: true, force: true });
  }
}

/** A Temporal server that is killed belongs to one run. */
async function disturbed(plan: Plan, surroundings: Parameters<typeof runOne>[1], quiet?: string): Promise<Outcome> {
  if (!plan.strikes.some(({ fault }) => kindOf(fault).ownTemporal === true))
    return await runOne(plan, surroundings, quiet);
  const engine = await startEngine(join(surroundings.root, `${plan.name}-engine`));
  try {
    return await runOne(plan, { ...surroundings, engine }, quiet);
  } finally {
    await engine.close();
  }
}
