/** Starts a comparison, or joins the one of its name that is going on. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { recordsOf } from '../../activities/comparison/records.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { registerRuns } from '../../adapters/owner/register-runs.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { CompareInput } from '../../contracts/comparison/comparison-messages.ts';
import type { ComparisonPlan } from '../../contracts/comparison/comparison-grid.ts';
import { engineSettings, loadTemporalConfig } from '../../workers/temporal-config.ts';
import { ensureSearchAttributes } from '../../workers/services/temporal/search-attributes.ts';
import { comparisonPaths } from './comparison-files.ts';
import type { Engine } from '../engine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { artifactFolder, withLedger } from '../runs/stored-runs.ts';
import { refuseChanged } from '../runs/open-run.ts';
import type { Terminal } from '../terminal.ts';

/** What a comparison goes on with: calls of all its cells, and cells at the same time. */
const Limits = z.object({ limit: z.int(), window: z.int() });
export type Limits = z.infer<typeof Limits>;

export type OpenedComparison =
  | { readonly kind: 'started' }
  /** `kept` is what it was started with, whatever the file says now; undefined where unknown. */
  | { readonly kind: 'joined'; readonly kept: Limits | undefined };

/** Throws (exit 2) where a run has the comparison's name, or a cell is a run that exists with other settings. */
export async function refuseTaken(home: string, { name, runs }: ComparisonPlan): Promise<void> {
  const names = [name, ...runs.map(({ spec }) => spec.name)];
  const records = await withLedger(home, async (ledger) => await recordsOf(ledger, names));
  if (records?.has(name)) throw takenByRun(name);
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
  { limit, window }: Limits,
): Promise<OpenedComparison> {
  const config = loadTemporalConfig();
  const said = { name: plan.name, plan: reference, cells: plan.runs.length, limit, window };
  await registerRuns(
    home,
    plan.runs.map(({ spec }) => spec),
  );
  const signature = openOwner(home, null).sign({ kind: 'comparison', ...said });
  const input: CompareInput = {
    comparison: { ...said, signature },
    searchAttributes: config.searchAttributes && (await ensureSearchAttributes(connection, services.namespace)),
    engine: engineSettings(config),
  };
  // The file says that the name is a comparison's: written once it is.
  const keepPlan = async (): Promise<void> => {
    await createFileArtifacts(artifactFolder(home)).export(reference, comparisonPaths(home, plan.name).plan);
  };
  try {
    await client.workflow.start('compare', {
      workflowId: plan.name,
      taskQueue: input.engine.queues.control,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      memo: { plan: reference.sha256, limit, window },
      staticSummary: `${plan.runs.length} cells, at most ${limit} teacher calls`,
      staticDetails: `Compared with \`${plan.baseline}\`; at most ${window} cells at the same time.`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const kept = await joined({ client }, plan.name, reference.sha256);
    await keepPlan();
    return { kind: 'joined', kept };
  }
  await keepPlan();
  return { kind: 'started' };
}

/** What a comparison that was joined does not take over from the file, in a sentence. */
export function keptNotes(name: string, kept: Limits | undefined, now: Limits): readonly string[] {
  if (kept === undefined) return ['It goes on with the limit and the window it was started with.'];
  const keys = (['limit', 'window'] as const).filter((key) => kept[key] !== now[key]);
  if (keys.length === 0) return [];
  const old = keys.map((key) => `${key} ${kept[key]}`).join(', ');
  const asked = keys.map((key) => `${key} ${now[key]}`).join(', ');
  const remedy = `To change that, end it (\`baldistill stop ${name}\`) and start it again; what is done is kept.`;
  return [`It goes on with the ${old} it was started with, not with the ${asked} of the file. ${remedy}`];
}

/** What the comparison of this name goes on with. Throws (exit 2) where it is another one, or none. */
async function joined({ client }: Pick<Engine, 'client'>, name: string, plan: string): Promise<Limits | undefined> {
  try {
    const { type, memo } = await client.workflow.getHandle(name).describe();
    if (type !== 'compare') throw takenByRun(name);
    if (memo?.['plan'] === plan) return Limits.safeParse(memo).data;
    const remedy = `Wait for it, or end it (\`baldistill stop ${name}\`), then start it again; what is done is kept.`;
    throw new CommandError(exitCodes.usage, `The comparison "${name}" goes on with other cells.`, remedy);
  } catch (error) {
    // It has just been forgotten: then there is nothing to differ from.
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function takenByRun(name: string): CommandError {
  const remedy = 'Give the comparison another name (`name` in its file). Nothing was started.';
  return new CommandError(exitCodes.usage, `"${name}" is the name of a run.`, remedy);
}
