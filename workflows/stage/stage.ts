/**
 * One stage of a run: balance, select, generate, fine-tune, evaluate. The order is all that
 * lives here; quotas, calls and scores live in the activities. A cancelled stage closes the slots it has, without a
 * student, and returns them, so that what was paid for stays usable; a stage whose blocked step was skipped goes on
 * without what that step would have given.
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
import type { ClosedStage } from '../../contracts/activity-messages.ts';
import { ResumeCommand, SignedTerms } from '../../contracts/signed/signed-command.ts';
import type { Brought } from '../../contracts/signed/signed-command.ts';
import { SignedRun } from '../../contracts/signed/signed-run.ts';
import type { StageResult, StudentRef } from '../../contracts/stage.ts';
import { generateRounds } from './generate-rounds.ts';
import { pauseStage, progressOfStage, resumeStage, setStageTerms, skipInStage } from '../messages.ts';
import { StepSkipped, giveUp, release } from '../blocking.ts';
import { requireSigned } from '../require-signed.ts';
import { takeResume, takeTerms } from './stage-commands.ts';
import { openStage } from './stage-run.ts';
import type { StageRun, StageStart } from './stage-run.ts';
import { pin, snapshot } from './stage-state.ts';

export async function stage(start: StageStart): Promise<StageResult> {
  requireSigned(SignedRun, start?.input?.run);
  const run = openStage(start);
  const { memory, blockState, window } = run;

  setHandler(progressOfStage, () => snapshot(start.input.stage, memory, blockState));
  setHandler(pauseStage, () => {
    blockState.paused = true;
    window.drain();
    run.changed();
  });
  setHandler(resumeStage, async (message) => {
    const command = ResumeCommand.safeParse(message).data;
    if (command === undefined) return;
    const brought = await takeResume(run, command);
    if (brought === null) return;
    if (brought.ledger !== undefined) memory.ledger = brought.ledger;
    release(blockState, brought);
    run.changed();
  });
  setHandler(skipInStage, () => {
    giveUp(blockState);
    run.changed();
  });

  setHandler(setStageTerms, async (message) => {
    const terms = SignedTerms.safeParse(message).data;
    if (terms === undefined || !(await takeTerms(run, terms))) return;
    // Slices that run were started under the old ones: what they have not sent is sent under these.
    window.drain();
    run.changed();
  });

  // An end that was asked for is not held up by a pause: closing the stage sends no call.
  CancellationScope.current().cancelRequested.catch(() => {
    blockState.paused = false;
  });

  const closed = await fillSlots(run, start);
  const student = await orderly(run, () => train(run, closed));
  const validation = student === null ? null : await orderly(run, () => validate(run, student));
  await CancellationScope.nonCancellable(async () => await condition(allHandlersFinished));
  const { quotas, selection, ordinals, output, examples, outcomes, counts, training } = closed;
  const form = output === undefined ? {} : { output };
  const { selected } = memory;
  const ranked = selected === undefined ? {} : { ranked: { rows: selected.candidates, cut: selected.cut } };
  const cancelled = CancellationScope.current().consideredCancelled ? { cancelled: true } : {};
  const filled = { quotas, selection, ordinals, ...form, examples, outcomes, counts, ...ranked, training };
  const { skipped, ledger } = memory;
  const { budget } = closed;
  return { stage: start.input.stage, ...filled, student, validation, skipped, ...cancelled, budget, ledger };
}

/** Balance, select and generate, then decide every slot; after a cancel or a skip, decide the slots that were sent. */
async function fillSlots(run: StageRun, start: StageStart): Promise<ClosedStage> {
  const { steps, memory } = run;
  await orderly(run, async () => {
    memory.balanced ??= await run.step(
      'balance',
      () => steps.control.balance.executeWithOptions({ summary: 'quotas per domain' }, [run.input]),
      'leave out the stage',
    );
    const { balanced } = memory;
    const summary = `${balanced.slots} slots, ${start.input.run.outline.switches.select}`;
    memory.selected ??= await run.step(
      'select',
      () => steps.student.select.executeWithOptions({ summary }, [{ input: run.input, balanced }]),
      'leave out the stage',
    );
    await generateRounds(run, balanced, memory.selected, () =>
      continueAsNew<typeof stage>({ ...start, paused: run.blockState.paused, memory }),
    );
  });
  const { balanced, plans } = memory;
  if (plans.length === 0 && memory.skipped.length === 0)
    throw new CancelledFailure('The stage was cancelled before its first call.');
  const close = () =>
    steps.control.closeStage.executeWithOptions({ summary: 'decide every slot' }, [
      { input: run.input, balanced: balanced ?? null, plans },
    ]);
  const scope = CancellationScope.current();
  // Only a run that ends anyway can do without; its answers stay in the ledger, for the next run of its name.
  const without = (): string | null => (scope.consideredCancelled ? 'end without the answers of this stage' : null);
  try {
    const closed = await CancellationScope.nonCancellable(async () => await run.step('generate', close, without));
    pin(memory, closed.ledger);
    return closed;
  } catch (error) {
    if (!(error instanceof StepSkipped)) throw error;
    throw new CancelledFailure('The stage was stopped and could not be closed.');
  }
}

/** Trains a student on everything so far; null where the run has none, or nothing new was paid for. */
async function train(run: StageRun, closed: ClosedStage): Promise<StudentRef | null> {
  const { steps, memory } = run;
  const { run: signed, connected, stage: index, history } = run.input;
  const nothingNew = memory.skipped.length > 0 && closed.examples.rows === 0;
  if (connected.studentModel === null || closed.training.rows === 0 || nothingNew) return null;
  const before = history.findLast(({ student }) => student !== null)?.student;
  const from = (signed.outline.switches.init === 'continue' ? before?.model : undefined) ?? connected.studentModel;
  memory.domains = closed.domains;
  memory.budget = closed.budget;
  const tune = async (brought: Brought) => {
    if (brought.studentModel !== undefined) {
      return { model: brought.studentModel, job: null, losses: null, address: brought.student ?? null };
    }
    const { connected: now } = run.input;
    const job = await steps.student.fineTune.executeWithOptions(
      // A training command runs as long as a job does.
      {
        summary: `submit ${closed.training.rows} examples`,
        startToCloseTimeout: run.engine.fineTuneDays * 86_400_000,
      },
      [{ run: signed, connected: now, stage: index, training: closed.training, from }],
    );
    const tuned = await steps.polled.awaitFineTune.executeWithOptions({ summary: `wait for ${job.id}` }, [
      { run: signed, connected: now, job },
    ]);
    return { model: tuned.model, job: job.id, losses: tuned.losses, address: null };
  };
  const without = before ? `keep the student of an earlier stage, ${before.model}` : 'go on without a student';
  return await run.step('fine-tune', tune, without);
}

async function validate(run: StageRun, student: StudentRef): Promise<StageResult['validation']> {
  const { run: signed, prepared } = run.input;
  if (prepared.validation === null) return null;
  return await run.step(
    'evaluate',
    () =>
      run.steps.student.evaluate.executeWithOptions({ summary: 'validation' }, [
        { run: signed, connected: run.input.connected, prepared, student, split: 'validation' },
      ]),
    'go on without scores of this stage',
  );
}

/** Runs a part that a cancel or a skip may end early; what is done by then is kept. */
async function orderly<T>(run: StageRun, part: () => Promise<T>): Promise<T | null> {
  if (CancellationScope.current().consideredCancelled) return null;
  try {
    return await part();
  } catch (error) {
    if (error instanceof StepSkipped) run.memory.skipped.push(run.memory.step);
    else if (!isCancellation(error)) throw error;
    return null;
  }
}
