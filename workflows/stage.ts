/**
 * One stage of a run: balance, select, generate, fine-tune, evaluate (METHOD.md, "One stage"). The order is all that
 * lives here; quotas, calls and scores live in the activities. A cancelled stage closes the slots it has, without a
 * student, and returns them, so that what was paid for stays usable.
 */
import {
  CancellationScope,
  CancelledFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { ClosedStage, RoundPlan } from '../contracts/activity-messages.ts';
import type { StageResult, StudentRef } from '../contracts/stage.ts';
import { generateRounds } from './generate-rounds.ts';
import { pauseStage, progressOfStage, resumeStage } from './messages.ts';
import { release } from './parking.ts';
import { openStage } from './stage-run.ts';
import type { StageRun, StageStart } from './stage-run.ts';
import { snapshot } from './stage-state.ts';

export async function stage(start: StageStart): Promise<StageResult> {
  const run = openStage(start);
  const { input, memory, parking, window } = run;

  setHandler(progressOfStage, () => snapshot(input.stage, memory, parking));
  setHandler(pauseStage, () => {
    parking.paused = true;
    window.drain();
    run.changed();
  });
  setHandler(resumeStage, (request) => {
    release(parking, request);
    run.changed();
  });

  const closed = await fillSlots(run, start);
  const student = await orderly(() => train(run, closed));
  const validation = student === null ? null : await orderly(() => validate(run, student));
  await CancellationScope.nonCancellable(async () => await condition(allHandlersFinished));
  return { ...resultOf(run, closed), student, validation };
}

/** Balance, select and generate, then decide every slot; after a cancel, decide the slots that were sent. */
async function fillSlots(run: StageRun, start: StageStart): Promise<ClosedStage> {
  const { input, steps, memory } = run;
  await orderly(async () => {
    memory.balanced ??= await run.step('balance', () =>
      steps.control.balance.executeWithOptions({ summary: 'quotas per domain' }, [input]),
    );
    const { balanced } = memory;
    memory.selected ??= await run.step('select', () =>
      steps.student.select.executeWithOptions({ summary: `${balanced.slots} slots, ${input.spec.switches.select}` }, [
        { input, balanced },
      ]),
    );
    await generateRounds(run, balanced, memory.selected, () =>
      continueAsNew<typeof stage>({ ...start, paused: run.parking.paused, memory }),
    );
  });
  const { balanced, plans } = memory;
  if (balanced === undefined || plans.length === 0)
    throw new CancelledFailure('The stage was cancelled before its first call.');
  return await CancellationScope.nonCancellable(
    async () =>
      await run.step('generate', () =>
        steps.control.closeStage.executeWithOptions({ summary: 'decide every slot' }, [{ input, balanced, plans }]),
      ),
  );
}

/** Trains a student on everything so far; null where the run has none, or none of it was paid for. */
async function train(run: StageRun, closed: ClosedStage): Promise<StudentRef | null> {
  const { input, steps, memory } = run;
  const { spec, connected, stage: index } = input;
  if (connected.studentModel === null || closed.training.rows === 0) return null;
  const from =
    (spec.switches.init === 'continue' ? input.history.at(-1)?.student?.model : undefined) ?? connected.studentModel;
  memory.domains = closed.domains;
  memory.budget = closed.budget;
  return await run.step('fine-tune', async (brought) => {
    if (brought.studentModel !== undefined) {
      return { model: brought.studentModel, job: null, losses: null, url: brought.studentUrl ?? null };
    }
    const job = await steps.student.fineTune.executeWithOptions(
      { summary: `submit ${closed.training.rows} examples` },
      [{ spec, connected, stage: index, training: closed.training, from }],
    );
    const tuned = await steps.polled.awaitFineTune.executeWithOptions({ summary: `wait for ${job.id}` }, [
      { spec, connected, job },
    ]);
    return { model: tuned.model, job: job.id, losses: tuned.losses, url: null };
  });
}

async function validate(run: StageRun, student: StudentRef): Promise<StageResult['validation']> {
  const { spec, connected, prepared } = run.input;
  if (prepared.validation === null) return null;
  return await run.step('evaluate', () =>
    run.steps.student.evaluate.executeWithOptions({ summary: 'validation' }, [
      { spec, connected, prepared, student, split: 'validation' },
    ]),
  );
}

/** Runs a part that a cancel may end early; what is done by then stands. */
async function orderly<T>(part: () => Promise<T>): Promise<T | null> {
  if (CancellationScope.current().consideredCancelled) return null;
  try {
    return await part();
  } catch (error) {
    if (isCancellation(error)) return null;
    throw error;
  }
}

function resultOf(run: StageRun, closed: ClosedStage): Omit<StageResult, 'student' | 'validation'> {
  const last = lastPlan(run.memory.plans);
  const { balanced } = run.memory;
  if (balanced === undefined) throw new CancelledFailure('The stage was cancelled before its first call.');
  return {
    stage: run.input.stage,
    quotas: balanced.quotas,
    selection: last.selection,
    ordinals: last.ordinals,
    examples: closed.examples,
    outcomes: closed.outcomes,
    counts: closed.counts,
    training: closed.training,
    budget: closed.budget,
  };
}

function lastPlan(plans: readonly RoundPlan[]): RoundPlan {
  const plan = plans.at(-1);
  if (plan === undefined) throw new CancelledFailure('The stage was cancelled before its first call.');
  return plan;
}
