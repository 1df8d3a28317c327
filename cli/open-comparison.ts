/** Starts a comparison, or joins the one of its name that is going on. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { recordsOf } from '../activities/comparison/records.ts';
import { createFileArtifacts } from '../adapters/artifacts/file-artifacts.ts';
import type { ArtifactRef } from '../contracts/artifact.ts';
import type { CompareInput } from '../contracts/comparison-messages.ts';
import type { ComparisonPlan } from '../contracts/comparison-plan.ts';
import { engineSettings, loadTemporalConfig } from '../workers/temporal-config.ts';
import { ensureSearchAttributes } from '../workers/services/search-attributes.ts';
import { comparisonPaths } from './comparison-files.ts';
import type { Engine } from './engine.ts';
import { CommandError, exitCodes } from './exit.ts';
import { artifactFolder, withLedger } from './memory.ts';
import { refuseChanged } from './open-run.ts';
import type { Terminal } from './terminal.ts';

/** Throws (exit 2) where a cell is a run that exists with other settings. */
export async function refuseChangedCells(home: string, { runs }: ComparisonPlan): Promise<void> {
  const names = runs.map(({ spec }) => spec.name);
  const records = await withLedger(home, async (ledger) => await recordsOf(ledger, names));
  for (const { spec } of runs) {
    const before = records?.get(spec.name)?.spec;
    if (before !== undefined) refuseChanged(before, spec);
  }
}

/** The plan as an artifact: its hash says whether two comparisons are the same. */
export async function writePlan(home: string, plan: ComparisonPlan): Promise<ArtifactRef> {
  return await createFileArtifacts(artifactFolder(home)).writeJson(plan);
}

export async function openComparison(
  { home }: Terminal,
  { client, connection, services }: Engine,
  plan: ComparisonPlan,
  reference: ArtifactRef,
  { limit, window }: { limit: number; window: number },
): Promise<'started' | 'joined'> {
  const config = loadTemporalConfig();
  const input: CompareInput = {
    name: plan.name,
    plan: reference,
    cells: plan.runs.length,
    limit,
    window,
    searchAttributes: config.searchAttributes && (await ensureSearchAttributes(connection, services.namespace)),
    engine: engineSettings(config),
  };
  await createFileArtifacts(artifactFolder(home)).export(reference, comparisonPaths(home, plan.name).plan);
  try {
    await client.workflow.start('compare', {
      workflowId: plan.name,
      taskQueue: input.engine.queues.control,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      memo: { plan: reference.sha256 },
      staticSummary: `${plan.runs.length} cells, at most ${limit} teacher calls`,
      staticDetails: `Compared with \`${plan.baseline}\`; at most ${window} cells at the same time.`,
    });
    return 'started';
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    await refuseOther({ client }, plan.name, reference.sha256);
    return 'joined';
  }
}

async function refuseOther({ client }: Pick<Engine, 'client'>, name: string, plan: string): Promise<void> {
  try {
    const { type, memo } = await client.workflow.getHandle(name).describe();
    if (type !== 'compare')
      throw new CommandError(exitCodes.usage, `"${name}" is the name of a run that goes on.`, 'Take another name.');
    if (memo?.['plan'] === plan) return;
    const remedy = `Wait for it, or end it (\`baldistill stop ${name}\`), then start it again; what is done is kept.`;
    throw new CommandError(exitCodes.usage, `The comparison "${name}" goes on with other cells.`, remedy);
  } catch (error) {
    // It has just been forgotten: then there is nothing to differ from.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
