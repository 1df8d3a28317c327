import { WorkflowNotFoundError } from '@temporalio/client';
import { CommandError, exitCodes } from '../exit.ts';
import { unknownRun } from '../runs/stored-runs.ts';

/** Does something with a run that is going on; says so where the engine does not know it, or where it is over. */
export async function whereKnown<T>(run: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    if (!/already completed/i.test(error.message)) throw unknownRun(run);
    const remedy = `\`baldistill status ${run}\` says how it ended.`;
    throw new CommandError(exitCodes.failed, `The run "${run}" is not going on.`, remedy, { cause: error });
  }
}
