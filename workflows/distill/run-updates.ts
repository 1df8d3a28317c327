/** The updates a run takes. Validators check shape and sense only, synchronously; the ledger decides about money. */
import { ApplicationFailure, CancellationScope, setHandler } from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { termsText } from '../../contracts/flow/flow-terms.ts';
import { ResumeCommand, SignedBudget, SignedFlow } from '../../contracts/signed/signed-command.ts';
import type { UpdateAnswer } from '../../contracts/progress.ts';
import {
  pauseRun,
  pauseStage,
  resumeRun,
  resumeStage,
  setBudget,
  setFlow,
  setStageTerms,
  skipInStage,
  skipStep,
  stopAfterStage,
} from '../messages.ts';
import { budgetWords, limitWords } from '../details.ts';
import { failureOf, giveUp, release } from '../blocking.ts';
import { progressOf, statusOf } from './run-state.ts';
import type { RunState } from './run-state.ts';
import type { stage } from '../stage/stage.ts';
import type { Steps } from '../steps.ts';

export function answerUpdates(state: RunState, steps: Steps, changed: () => void): void {
  const { run: signed } = state.input;
  const run = signed.outline.name;

  function answer(message: string): UpdateAnswer {
    changed();
    return { status: statusOf(state), message };
  }

  function refuseWhenOver(): void {
    if (state.ended !== null || state.step === 'report')
      refuse(`The run ${run} is over (${state.ended ?? 'reporting'}).`);
  }

  /** Carries out a signed command, each once and in the order they were issued. */
  async function commanded<T>(issuedAt: number, work: () => Promise<T>): Promise<T> {
    if (issuedAt <= state.commandedAt)
      refuse(`The run ${run} took a newer command already; check the clock of this machine and send it again.`);
    const done = await asked(work);
    state.commandedAt = Math.max(state.commandedAt, issuedAt);
    return done;
  }

  /** A stage that is ending may miss the signal; its successor starts with the run's state. */
  async function signalStage(send: (child: ChildWorkflowHandle<typeof stage>) => Promise<void>): Promise<void> {
    const { child } = state;
    if (child === null) return;
    try {
      // A run that was asked to end can still block, and must still accept commands.
      await CancellationScope.nonCancellable(async () => await send(child));
    } catch {
      // The stage has closed; the next one starts with the run's own state.
    }
  }

  setHandler(
    pauseRun,
    async () => {
      state.blockState.paused = true;
      await signalStage((child) => child.signal(pauseStage));
      return answer('Paused: calls in flight settle, no new call is sent.');
    },
    { validator: refuseWhenOver, description: 'Send no new call until resume.' },
  );

  setHandler(
    resumeRun,
    async (command) => {
      const was = statusOf(state);
      const brought =
        command.content !== undefined
          ? await commanded(command.issuedAt, () =>
              steps.control.acceptResume.executeWithOptions({ summary: 'verify the resume' }, [
                { run: signed, command },
              ]),
            )
          : {};
      // Before anything is tried again: a streak of ambiguous ends would refuse the first call at once.
      if (state.connected !== null)
        await asked(() => steps.control.forgive.executeWithOptions({ summary: 'resume' }, [{ run: signed }]));
      if (brought.ledger !== undefined && state.connected !== null)
        state.connected = { ...state.connected, ledger: brought.ledger };
      release(state.blockState, brought);
      if (state.current !== null) state.current = { ...state.current, blocked: null };
      await signalStage((child) => child.signal(resumeStage, command));
      return answer(was === 'blocked' ? 'Resumed: the blocked step is tried again.' : 'Resumed.');
    },
    {
      validator: (request) => {
        if (state.ended !== null) refuse(`The run ${run} is over (${state.ended}).`);
        refuseShape(
          ResumeCommand.safeParse(request).success,
          'resume takes {}, or what `baldistill resume` signed: {content, issuedAt, signature}',
        );
        const status = statusOf(state);
        if (status !== 'paused' && status !== 'blocked')
          refuse(`The run ${run} is ${status}: there is nothing to resume.`);
      },
      description: 'Go on after a pause, or try a blocked step again.',
    },
  );

  setHandler(
    skipStep,
    async () => {
      const meaning = progressOf(state).blocked?.skip ?? null;
      giveUp(state.blockState);
      if (state.current !== null) state.current = { ...state.current, blocked: null };
      await signalStage((child) => child.signal(skipInStage));
      return answer(`Skipped: ${meaning ?? 'the step is left out'}.`);
    },
    {
      validator: () => {
        if (state.ended !== null) refuse(`The run ${run} is over (${state.ended}).`);
        const { blocked, status, step } = progressOf(state);
        if (blocked === null) refuse(`The run ${run} is ${status}: only a blocked step can be skipped.`);
        if (blocked.skip === null)
          refuse(`The step ${step} of the run ${run} cannot be skipped: nothing goes on without it.`);
      },
      description: 'Go on without the blocked step.',
    },
  );

  setHandler(
    stopAfterStage,
    () => {
      state.stopAfterStage = true;
      if (state.prepared === null) return answer('The run ends once its data are prepared, before its first stage.');
      const blocked = statusOf(state) === 'blocked' ? ' The stage is blocked: resume or skip comes first.' : '';
      return answer(`The run ends after this stage, with test and report.${blocked}`);
    },
    {
      validator: () => {
        refuseWhenOver();
        if (state.step === 'test') refuse(`The last stage of the run ${run} is over; the run ends by itself.`);
      },
      description: 'End in order after the running stage.',
    },
  );

  setHandler(
    setBudget,
    async (command) => {
      const { content: limits, issuedAt } = command;
      const { accepted, budget } = await commanded(issuedAt, () =>
        steps.control.setLimits.executeWithOptions({ summary: limitWords(limits) }, [{ run: signed, command }]),
      );
      state.budget = budget;
      if (!accepted) {
        const words = `A limit of ${limitWords(limits)} is below what is charged already: ${budgetWords(budget)}.`;
        throw ApplicationFailure.nonRetryable(`${words} Nothing was changed.`, 'BudgetRefused');
      }
      return answer(`Charged now: ${budgetWords(budget)}.`);
    },
    {
      validator: (request) => {
        refuseWhenOver();
        refuseShape(
          SignedBudget.safeParse(request).success,
          'setBudget takes what `baldistill budget` signed: {content: {calls?, tokens?, usd?}, issuedAt, signature}',
        );
      },
      description: 'Change limits of calls, tokens or USD; not below what is charged.',
    },
  );

  setHandler(
    setFlow,
    async (command) => {
      const terms = await commanded(command.issuedAt, () =>
        steps.control.setTerms.executeWithOptions({ summary: 'change the pace' }, [
          { run: signed, command, before: state.terms },
        ]),
      );
      state.terms = terms;
      await signalStage((child) => child.signal(setStageTerms, terms));
      return answer(`The teacher is asked with ${termsText(terms.terms)}.`);
    },
    {
      validator: (request) => {
        refuseWhenOver();
        if (signed.outline.teacher === null) refuse(`The run ${run} asks no teacher.`);
        refuseShape(
          SignedFlow.safeParse(request).success,
          'setFlow takes what `baldistill flow` signed: {content: {concurrency?, requestsPerMinute?, …}, issuedAt, signature}',
        );
      },
      description: 'Change how fast the teacher is asked: calls in flight, requests and tokens a minute.',
    },
  );
}

/** Asks the ledger; where it cannot answer, the update is refused with its sentence, and the run stays as it is. */
async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await CancellationScope.nonCancellable(question);
  } catch (error) {
    const { type, message } = failureOf(error);
    if (type === 'NotOurs') refuse(message);
    throw ApplicationFailure.nonRetryable(`The ledger cannot be asked now (${type}): ${message}`, 'UpdateRefused');
  }
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'UpdateRefused');
}

function refuseShape(fits: boolean, expectation: string): void {
  if (!fits) refuse(expectation);
}
