/** Other runs of the namespace, through the worker's own connection. */
import { Client, WorkflowFailedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { rootCause } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { OtherRuns, RunSnapshot } from '../activities/ports/other-runs.ts';
import { Progress } from '../contracts/progress.ts';
import { pauseRun, progressOfRun, resumeRun } from '../workflows/messages.ts';

const retryForMs = 5000;

export function otherRuns(connection: NativeConnection, namespace: string): OtherRuns {
  const client = new Client({ connection, namespace });
  return {
    snapshot: async (run) => await snapshotOf(client, run),
    async steer(run, action) {
      const handle = client.workflow.getHandle(run);
      try {
        if (action === 'cancel') await handle.cancel();
        else if (action === 'pause') await handle.executeUpdate(pauseRun);
        else await handle.executeUpdate(resumeRun, { args: [{}] });
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError) && !(error instanceof WorkflowUpdateFailedError)) throw error;
      }
    },
  };
}

async function snapshotOf(client: Client, run: string): Promise<RunSnapshot | undefined> {
  const handle = client.workflow.getHandle(run);
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return await askOpen(client, run);
    if (status.name === 'COMPLETED') return { kind: 'closed', failure: null };
    await handle.result();
    return { kind: 'closed', failure: null };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'unknown' };
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { kind: 'closed', failure: rootCause(error.cause) ?? error.message };
  }
}

/** A run whose worker is gone, or that has just closed, answers later. */
async function askOpen(client: Client, run: string): Promise<RunSnapshot | undefined> {
  try {
    const answer: unknown = await client.withDeadline(Date.now() + retryForMs, () =>
      client.workflow.getHandle(run).query(progressOfRun),
    );
    const progress = Progress.safeParse(answer);
    return progress.success ? { kind: 'open', blocked: progress.data.blocked } : undefined;
  } catch {
    return undefined;
  }
}
