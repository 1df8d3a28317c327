/** The updates a comparison takes: those of a run that make sense for many. */
import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { UpdateAnswer } from '../../contracts/progress.ts';
import type { ResumeCommand } from '../../contracts/signed/signed-command.ts';
import { having, statusOf } from './compare-state.ts';
import { steerOpenCells } from './steer-cells.ts';
import type { Comparing } from './steer-cells.ts';
import { pauseRun, resumeRun, stopAfterStage } from '../messages.ts';
import { release } from '../blocking.ts';

export function answerComparisonUpdates(comparing: Comparing): void {
  const { state, changed } = comparing;
  const { name } = state.input.comparison;

  function answer(message: string): UpdateAnswer {
    changed();
    return { status: statusOf(state), message };
  }

  function refuseWhenOver(): void {
    if (state.ended !== null) refuse(`The comparison ${name} is over (${state.ended}).`);
  }

  setHandler(
    pauseRun,
    async () => {
      state.paused = true;
      await steerOpenCells(comparing, 'pause');
      return answer('Paused: cells that run send no new call, and no cell is started.');
    },
    { validator: refuseWhenOver, description: 'Start no cell and send no new call until resume.' },
  );

  setHandler(
    resumeRun,
    async (_command: ResumeCommand) => {
      const blocked = having(state, 'blocked');
      const failed = having(state, 'failed');
      for (const cell of blocked) state.again.add(cell);
      for (const cell of failed) cell.status = 'waiting';
      state.blockedInARow = 0;
      release(state.blockState, {});
      if (state.paused) await resumeOpen(comparing);
      const count = blocked.length + failed.length;
      return answer(count === 0 ? 'Resumed.' : `Resumed: ${count} blocked or failed cells are tried again.`);
    },
    {
      validator: (_command: ResumeCommand) => {
        refuseWhenOver();
        const idle = !state.paused && state.blockState.blocked === null;
        if (idle && having(state, 'blocked', 'failed').length === 0)
          refuse(`The comparison ${name} is ${statusOf(state)}: there is nothing to resume.`);
      },
      description: 'Go on after a pause, and try blocked and failed cells again.',
    },
  );

  setHandler(
    stopAfterStage,
    () => {
      state.stopping = true;
      const open = having(state, 'running').length;
      return answer(`The comparison ends after the ${open} cells that run; no other is started.`);
    },
    { validator: refuseWhenOver, description: 'End after the cells that run.' },
  );
}

/** The pause ends at once, so that no further cell is paused; a new cell starts only after the others were resumed. */
async function resumeOpen(comparing: Comparing): Promise<void> {
  const { state } = comparing;
  state.paused = false;
  state.resuming = true;
  try {
    await steerOpenCells(comparing, 'resume');
  } finally {
    state.resuming = false;
  }
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'UpdateRefused');
}
