/** A stage that was cancelled alone, in Temporal's UI: its run ends after it, as after `stop`. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { StageResult } from '../../contracts/stage.ts';
import type { RunState } from './run-state.ts';

/**
 * The result of the next stage; null where it was cancelled before its first call. Whoever cancels a stage does not want
 * its run to go on spending, and a run that lacks a stage is not completed: started again, it fills what is missing.
 */
export async function endingWhenCancelled(state: RunState, stage: Promise<StageResult>): Promise<StageResult | null> {
  const index = state.stages.length;
  const result = await stage.catch((error: unknown) => {
    // The cancel of the whole run is an end of its own.
    if (CancellationScope.current().consideredCancelled || !isCancellation(error)) throw error;
    return null;
  });
  if (result === null || (result.cancelled === true && !CancellationScope.current().consideredCancelled)) {
    state.cancelledStage = index;
    state.stopAfterStage = true;
  }
  return result;
}
