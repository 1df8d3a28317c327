/** One cell of a comparison: started as a child run, or joined where it goes on already, and followed to its end. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, condition, startChild } from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import type { NextCell, RunSeen } from '../../contracts/comparison/comparison-messages.ts';
import type { Cell, CompareState } from './compare-state.ts';
import type { CompareSteps } from './compare-steps.ts';
import { distill } from '../distill/distill.ts';
import { attempt } from '../blocking.ts';

/** A cell that may start: its run, signed, and how the engine's UI shows it. */
export type CellStart = NextCell & { readonly kind: 'start' };

/**
 * Null where a run of this name goes on already. Abandoned by its parent: it outlives a continue-as-new, and a
 * comparison that was terminated and is started again joins it. `stop --now` asks every open cell to cancel all the same.
 */
export async function startCell(
  { input: { engine, searchAttributes } }: CompareState,
  { run, summary, details }: CellStart,
): Promise<ChildWorkflowHandle<typeof distill> | null> {
  try {
    return await startChild(distill, {
      workflowId: run.outline.name,
      taskQueue: engine.queues.control,
      parentClosePolicy: 'ABANDON',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summary,
      staticDetails: details,
      memo: { run },
      args: [{ run, searchAttributes, engine }],
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    throw error;
  }
}

/**
 * Follows a cell until it ends. A child workflow reports its end; a joined run is polled, and so is
 * whether a cell is blocked.
 */
export async function followCell(
  state: CompareState,
  steps: CompareSteps,
  cell: Cell,
  child: ChildWorkflowHandle<typeof distill> | null,
  changed: () => void,
): Promise<RunSeen & { kind: 'closed' }> {
  const never = new Promise<'over'>(() => undefined);
  let over = child === null ? never : child.result().then(isOver, isOver);
  for (;;) {
    const blocked = cell.status === 'blocked';
    const looking = new CancellationScope();
    const seen = await looking.run(async () => {
      const summary = blocked ? 'until it goes on' : 'until it is over or blocked';
      const look = attempt(state.blockState, changed, () =>
        steps.polled.awaitRun.executeWithOptions({ summary }, [
          { comparison: state.input.comparison, run: cell.run, blocked },
        ]),
      );
      // Resumed by a user: not blocked until it reports it again.
      const triedAgain = condition(() => (cell.status === 'blocked') !== blocked).then(() => 'again' as const);
      return await Promise.race([look, over, triedAgain]);
    });
    looking.cancel();
    if (seen === 'again') continue;
    // Reported once: the next query finds it closed.
    if (seen === 'over') over = never;
    else if (seen.kind === 'closed') return seen;
    else {
      if (seen.blocked !== null) state.blockedInARow += 1;
      cell.status = seen.blocked === null ? 'running' : 'blocked';
      cell.reason = seen.blocked?.message ?? null;
      changed();
    }
  }
}

function isOver(): 'over' {
  return 'over';
}
