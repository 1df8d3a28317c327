/** The present state of a comparison. */
import type { Client } from '@temporalio/client';
import type { ComparisonProgress } from '../../contracts/comparison/comparison-messages.ts';
import { progressOfComparison } from '../../workflows/messages.ts';
import { snapshotOf } from '../follow/follow.ts';
import type { Snapshot } from '../follow/follow.ts';

/** The comparison, and those of its cells that are running and answer. */
export interface ComparisonSnapshot {
  readonly comparison: ComparisonProgress;
  readonly cells: readonly Snapshot[];
}

/** Throws what the client throws where the comparison does not answer. */
export async function lookAtComparison(client: Client, name: string): Promise<ComparisonSnapshot> {
  return await client.withDeadline(Date.now() + 5000, async () => {
    const comparison = await client.workflow.getHandle(name).query(progressOfComparison);
    const cells = await Promise.all(
      // Just started, or just over: then it is shown by its name alone.
      comparison.open.map(async ({ run }) => await snapshotOf(client, run).catch(() => null)),
    );
    return { comparison, cells: cells.filter((cell) => cell !== null) };
  });
}
