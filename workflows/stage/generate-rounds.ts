/** The generate step: rounds of calls, each planned, then sent chunk by chunk. */
import { CancellationScope, allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import type { Balanced, SelectedRows } from '../../contracts/activity-messages.ts';
import { goesByBatch } from '../../domain/budget/batch-mode.ts';
import { mostRounds } from '../../domain/quotas/rounds.ts';
import { attempt } from '../blocking.ts';
import { sendInBatches } from './send-batches.ts';
import { sendThrough } from './send-round.ts';
import type { StageRun } from './stage-run.ts';
import { takeResult, keptPlan } from './stage-state.ts';

/** What giving up a blocked round means. */
export const closeWithWhatItHas = 'close the stage with the answers it has';

/** `restart` continues the stage as a new execution; it never returns. */
export async function generateRounds(
  run: StageRun,
  balanced: Balanced,
  selected: SelectedRows,
  restart: () => Promise<never>,
): Promise<void> {
  const { steps, memory, window } = run;
  await sendPending(run, restart);
  while (memory.plans.length < mostRounds(run.input.run.outline.switches)) {
    const round = memory.plans.length;
    const plan = await run.step(
      'generate',
      async () => {
        const selection = memory.plans.at(-1)?.selection ?? selected.selection;
        return await steps.control.planRound.executeWithOptions({ summary: `prompts of round ${round}` }, [
          { input: run.input, balanced, selection, earlier: memory.plans },
        ]);
      },
      closeWithWhatItHas,
    );
    if (round > 0 && plan.calls === 0 && plan.uncalled === undefined) return;
    memory.plans.push(keptPlan(plan));
    // A round that verifies plans no slots: it is about those of the round before.
    if (plan.purpose !== 'verify') memory.domains = plan.domains;
    memory.done = 0;
    memory.chunkResults = {};
    memory.byBatch = byBatch(run, plan.calls);
    window.pending.push(...plan.chunks);
    await sendPending(run, restart);
  }
}

async function sendPending(run: StageRun, restart: () => Promise<never>): Promise<void> {
  const { engine, steps, memory, blockState, window } = run;
  if (memory.byBatch === true) {
    await sendInBatches(run, closeWithWhatItHas, restart);
    return;
  }
  const round = memory.plans.length - 1;
  while (window.pending.length > 0) {
    const send = async (): Promise<void> => {
      await sendThrough(
        window,
        engine.window,
        (chunk) => {
          const { run: signed, connected, stage } = run.input;
          return steps.teacher.generate.executeWithOptions({ summary: `round ${round} · ${chunk.rows} slots` }, [
            {
              run: signed,
              connected,
              stage,
              round,
              chunk,
              ...(memory.terms === undefined ? {} : { terms: memory.terms }),
            },
          ]);
        },
        (chunk, result) => {
          takeResult(memory, chunk, result);
          run.changed();
        },
        () => workflowInfo().continueAsNewSuggested,
      );
      // Results of a drained window arrived inside a cancelled scope, which reports nothing: report now.
      run.changed();
    };
    await attempt(blockState, run.changed, send, closeWithWhatItHas);
    if (CancellationScope.current().consideredCancelled) return;
    if (workflowInfo().continueAsNewSuggested && window.pending.length > 0) {
      memory.pending = window.pending;
      await condition(allHandlersFinished);
      await restart();
    }
  }
}

function byBatch({ input, runStartedAt }: StageRun, calls: number): boolean {
  const { connected, stage } = input;
  const { teacher, stages } = input.run.outline;
  if (teacher === null) return false;
  const { mode, batch } = teacher;
  return goesByBatch(
    { mode, minimum: batch.minimum, deadlineHours: batch.deadlineHours },
    {
      calls,
      possible: connected.batch === true,
      hoursSinceStart: (Date.now() - runStartedAt) / 3_600_000,
      stagesLeft: stages - stage,
    },
  );
}
