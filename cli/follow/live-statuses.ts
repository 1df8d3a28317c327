/** States of the runs that are open in the ledger, from the engine where it is up; starts nothing. */
import type { Client } from '@temporalio/client';
import type { RunRecord } from '../../activities/ports/ledger.ts';
import { lookWith } from './current-snapshot.ts';

/** Status by run name; empty where the engine is down. A closed run that never reported its end is `terminated`. */
export async function liveStatuses(home: string): Promise<ReadonlyMap<string, string>> {
  return (await lookWith(home, statusesOf)) ?? new Map<string, string>();
}

/**
 * What the ledger knows where the engine is down: how a run ended, or that it did not. Its own word until the end is the
 * first one, `preparing`, whatever the run has done since.
 */
export function rememberedStatus({ status }: Pick<RunRecord, 'status'>): string {
  return status === 'completed' || status === 'stopped' || status === 'failed' ? status : 'interrupted';
}

async function statusesOf({ workflow }: Client): Promise<ReadonlyMap<string, string>> {
  const statuses = new Map<string, string>();
  const seen = new Set<string>();
  // Newest first: the first execution of a name is the one that counts.
  for await (const { workflowId, status, searchAttributes } of workflow.list({ query: `WorkflowType = 'distill'` })) {
    if (seen.has(workflowId)) continue;
    seen.add(workflowId);
    const said = searchAttributes['BaldistillStatus']?.[0];
    if (status.name === 'RUNNING') statuses.set(workflowId, typeof said === 'string' ? said : 'running');
    else if (status.name === 'TERMINATED') statuses.set(workflowId, 'terminated');
    else if (status.name === 'FAILED') statuses.set(workflowId, 'failed');
  }
  return statuses;
}
