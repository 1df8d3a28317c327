/** The updates a run takes. Validators check shape and sense only, synchronously; the ledger decides about money. */
import { ApplicationFailure, CancellationScope, setHandler } from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { FlowRequest } from '../contracts/flow.ts';
import { changedTerms, termsOf, termsText } from '../contracts/flow-terms.ts';
import { BudgetRequest, ResumeRequest } from '../contracts/progress.ts';
import type { UpdateAnswer } from '../contracts/progress.ts';
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
} from './messages.ts';
import { budgetWords, limitWords } from './details.ts';
import { failureOf, giveUp, release } from './parking.ts';
import { progressOf, statusOf } from './run-state.ts';
import type { RunState } from './run-state.ts';
import type { stage } from './stage.ts';
import type { Steps } from './steps.ts';

export function answerUpdates(state: RunState, steps: Steps, changed: () => void): void {
  const run = state.input.spec.name;

  function answer(message: string): UpdateAnswer {
    changed();
    return { status: statusOf(state), message };
  }

  function refuseWhenOver(): void {
    if (state.ended !== null || state.step === 'report')
      refuse(`The run ${run} is over (${state.ended ?? 'reporting'}).`);
  }

  /** What the stage that ends in this moment does not hear, its successor is started with. */
  async function tellStage(tell: (child: ChildWorkflowHandle<typeof stage>) => Promise<void>): Promise<void> {
    const { child } = state;
    if (child === null) return;
    try {
      // A run that was asked to end still parks, and still has to be steered.
      await CancellationScope.nonCancellable(async () => await tell(child));
    } catch {
      // It is over: nobody is left to tell, and what follows starts with the run's own state.
    }
  }

  setHandler(
    pauseRun,
    async () => {
      state.parking.paused = true;
      await tellStage((child) => child.signal(pauseStage));
      return answer('Paused: calls in flight settle, no new call is sent.');
    },
    { validator: refuseWhenOver, description: 'Send no new call until resume.' },
  );

  setHandler(
    resumeRun,
    async (request) => {
      const was = statusOf(state);
      // Before anything is tried again: a streak of ambiguous ends would refuse the first call at once.
      if (state.connected !== null)
        await asked(() => steps.control.forgive.executeWithOptions({ summary: 'resume' }, [run]));
      if (request.ledger !== undefined && state.connected !== null)
        state.connected = { ...state.connected, ledger: request.ledger };
      release(state.parking, request);
      if (state.current !== null) state.current = { ...state.current, blocked: null };
      await tellStage((child) => child.signal(resumeStage, request));
      return answer(was === 'blocked' ? 'Resumed: the blocked step is tried again.' : 'Resumed.');
    },
    {
      validator: (request) => {
        if (state.ended !== null) refuse(`The run ${run} is over (${state.ended}).`);
        refuseShape(
          ResumeRequest.safeParse(request).success,
          'resume takes {studentModel?, studentUrl?, ledger?: {id, counter, mark}}',
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
      giveUp(state.parking);
      if (state.current !== null) state.current = { ...state.current, blocked: null };
      await tellStage((child) => child.signal(skipInStage));
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
    async (limits) => {
      const { accepted, budget } = await asked(() =>
        steps.control.setLimits.executeWithOptions({ summary: limitWords(limits) }, [
          { spec: state.input.spec, limits },
        ]),
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
          BudgetRequest.safeParse(request).success,
          'setBudget takes {calls?: a positive whole number, tokens?: the same, usd?: a positive number}, at least one of them',
        );
      },
      description: 'Change limits of calls, tokens or USD; not below what is charged.',
    },
  );

  setHandler(
    setFlow,
    async (request) => {
      const terms = changedTerms(state.terms ?? termsOf(state.input.spec), request);
      state.terms = terms;
      await tellStage((child) => child.signal(setStageTerms, terms));
      return answer(`The teacher is asked with ${termsText(terms)}.`);
    },
    {
      validator: (request) => {
        refuseWhenOver();
        if (state.input.spec.teacher === undefined) refuse(`The run ${run} asks no teacher.`);
        refuseShape(
          FlowRequest.safeParse(request).success,
          'setFlow takes {concurrency?: 1 to 1024, requestsPerMinute?, tokensPerMinute?, inputTokensPerMinute?, outputTokensPerMinute?: a positive number, or null for no limit}, at least one of them',
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
    throw ApplicationFailure.nonRetryable(`The ledger cannot be asked now (${type}): ${message}`, 'UpdateRefused');
  }
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'UpdateRefused');
}

function refuseShape(fits: boolean, expectation: string): void {
  if (!fits) refuse(expectation);
}
