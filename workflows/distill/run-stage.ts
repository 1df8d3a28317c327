/** Starts a stage as a child of the run and waits for its result. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startChild } from '@temporalio/workflow';
import type { Connected, Prepared, StageResult } from '../../contracts/stage.ts';
import type { RunState } from './run-state.ts';
import { pauseStage, setStageTerms } from '../messages.ts';
import { pastOf } from './past-stages.ts';
import { stage } from '../stage/stage.ts';
import { stepsOf } from '../steps.ts';

function stageId(run: string, index: number): string {
  return `${run}/stage-${index}`;
}

/**
 * A run that was terminated and started again may meet a child of its predecessor that still drains under the same
 * id; it waits for that one to close and starts its own, which finds the paid calls in the ledger.
 */
export async function runStage(
  state: RunState,
  data: { connected: Connected; prepared: Prepared },
): Promise<StageResult> {
  const { run, engine } = state.input;
  const { outline } = run;
  const index = state.stages.length;
  const workflowId = stageId(outline.name, index);
  for (;;) {
    const { paused } = state.blockState;
    const { terms } = state;
    try {
      state.child = await startChild(stage, {
        workflowId,
        taskQueue: engine.queues.control,
        parentClosePolicy: 'REQUEST_CANCEL',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        staticSummary: `stage ${index} (${index + 1} of ${outline.stages}) · ${outline.method}`,
        staticDetails: `Balance, select, generate, fine-tune and evaluate for stage ${index} of \`${outline.name}\`.`,
        args: [
          {
            input: { run, ...data, stage: index, history: pastOf(state.stages) },
            engine,
            paused,
            ...(terms === null ? {} : { terms }),
            runStartedAt: state.startedAt,
          },
        ],
      });
      // A pause that arrived while the stage was starting had no receiver.
      if (state.blockState.paused && !paused) await state.child.signal(pauseStage);
      if (state.terms !== null && state.terms !== terms) await state.child.signal(setStageTerms, state.terms);
      return await state.child.result();
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await stepsOf(engine, outline).control.awaitClosed.executeWithOptions(
        { summary: 'an earlier stage of this name still drains' },
        [{ run, stage: index }],
      );
    } finally {
      state.child = null;
    }
  }
}
