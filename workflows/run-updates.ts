/** The updates a run takes. Validators check shape and sense only, synchronously; the ledger decides about money. */
import { ApplicationFailure, getExternalWorkflowHandle, setHandler } from '@temporalio/workflow';
import { BudgetRequest, ResumeRequest } from '../contracts/progress.ts';
import type { UpdateAnswer } from '../contracts/progress.ts';
import { pauseRun, pauseStage, resumeRun, resumeStage, setBudget, stopAfterStage } from './messages.ts';
import { release } from './parking.ts';
import { stageId } from './run-stage.ts';
import { statusOf } from './run-state.ts';
import type { RunState } from './run-state.ts';
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

  /** The stage may end while it is told: it then starts its successor with the run's own state. */
  async function tellStage(
    tell: (stage: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
  ): Promise<void> {
    if (state.stages.length >= state.input.spec.stages || state.prepared === null) return;
    try {
      await tell(getExternalWorkflowHandle(stageId(run, state.stages.length)));
    } catch {
      // Nobody to tell: no stage runs at this moment, and the next one is started with `paused` as it stands.
    }
  }

  setHandler(
    pauseRun,
    async () => {
      state.parking.paused = true;
      await tellStage((stage) => stage.signal(pauseStage));
      return answer('Paused: calls in flight settle, no new call is sent.');
    },
    { validator: refuseWhenOver, description: 'Send no new call until resume.' },
  );

  setHandler(
    resumeRun,
    async (request) => {
      const was = statusOf(state);
      // Before anything is tried again: a streak of ambiguous ends would refuse the first call at once.
      if (state.connected !== null) await steps.control.forgive.executeWithOptions({ summary: 'resume' }, [run]);
      release(state.parking, request);
      if (state.current !== null) state.current = { ...state.current, blocked: null };
      await tellStage((stage) => stage.signal(resumeStage, request));
      return answer(was === 'blocked' ? 'Resumed: the blocked step is tried again.' : 'Resumed.');
    },
    {
      validator: (request) => {
        if (state.ended !== null) refuse(`The run ${run} is over (${state.ended}).`);
        refuseShape(ResumeRequest.safeParse(request).success, 'resume takes {studentModel?, studentUrl?}');
        const status = statusOf(state);
        if (status !== 'paused' && status !== 'blocked')
          refuse(`The run ${run} is ${status}: there is nothing to resume.`);
      },
      description: 'Go on after a pause, or try a blocked step again.',
    },
  );

  setHandler(
    stopAfterStage,
    () => {
      state.stopAfterStage = true;
      return answer('The run ends after this stage, with test and report.');
    },
    { validator: refuseWhenOver, description: 'End in order after the running stage.' },
  );

  setHandler(
    setBudget,
    async ({ calls }) => {
      const { accepted, budget } = await steps.control.setCallLimit.executeWithOptions({ summary: `${calls} calls` }, [
        { run, calls },
      ]);
      state.budget = budget;
      if (!accepted) {
        throw ApplicationFailure.nonRetryable(
          `A limit of ${calls} calls is below the ${budget.charged} calls already charged; it stays ${budget.limit}.`,
          'BudgetRefused',
        );
      }
      return answer(`The limit is ${budget.limit} calls, ${budget.charged} are charged.`);
    },
    {
      validator: (request) => {
        refuseWhenOver();
        refuseShape(BudgetRequest.safeParse(request).success, 'setBudget takes {calls: a positive whole number}');
        if (state.connected === null) refuse(`The run ${run} has not opened its ledger yet; try again in a moment.`);
      },
      description: 'Change the call limit; not below what is charged.',
    },
  );
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'UpdateRefused');
}

function refuseShape(fits: boolean, expectation: string): void {
  if (!fits) refuse(expectation);
}
