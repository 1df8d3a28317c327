/** Starts a run, joins the one of its name that is going on, or finds that it is done: safe to repeat. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { RunRecord } from '../../activities/ports/ledger.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { registerRuns } from '../../adapters/owner/register-runs.ts';
import { operationalDifferences, specDifferences } from '../../adapters/run-file/differences.ts';
import type { RunResult } from '../../contracts/progress.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { datasetOf, settingsTable, summaryOf } from '../../contracts/run/run-description.ts';
import { SignedRun } from '../../contracts/signed/signed-run.ts';
import type { DistillInput } from '../../contracts/stage.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { ensureSearchAttributes } from '../../workers/services/temporal/search-attributes.ts';
import { engineSettings, loadTemporalConfig } from '../../workers/temporal-config.ts';
import { isComparison } from '../compare/comparison-files.ts';
import type { Engine } from '../engine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { resultOf } from './stored-runs.ts';
import type { Terminal } from '../terminal.ts';

export type Opened =
  | { readonly kind: 'started' }
  | { readonly kind: 'joined'; readonly notes: readonly string[] }
  | { readonly kind: 'finished'; readonly result: RunResult };

/** A run of this name that ended for good, from the ledger. Throws (exit 2) when that was another run. */
export function finishedBefore(record: RunRecord | undefined, spec: RunSpec, again: boolean): Opened | undefined {
  if (record === undefined) return undefined;
  refuseChanged(record.spec, spec);
  const result = resultOf(record);
  if (result === undefined) return undefined;
  const over = record.status === 'completed' || (record.status === 'stopped' && !again);
  return over ? { kind: 'finished', result } : undefined;
}

/** Throws (exit 2) where a comparison has this name. What the ledger knows as a run is one, whatever files lie there. */
export function refuseComparison(home: string, record: RunRecord | undefined, name: string): void {
  if (record === undefined && isComparison(home, name)) throw takenBy('comparison', name);
}

/** Throws (exit 2) where the run of this name has other settings, or it is no run that goes on under it. */
export async function openRun(terminal: Terminal, engine: Engine, spec: RunSpec): Promise<Opened> {
  for (;;) {
    const running = await describeOpen(engine, spec.name);
    if (running !== undefined) {
      const before = await startedSpec(terminal.home, running.memo);
      if (before !== undefined) refuseChanged(before, spec);
      const kept = before === undefined ? [] : operationalDifferences(before, spec);
      const note = `It goes on with the ${kept.map(({ key, before: old }) => `${key} ${old}`).join(', ')} it was started with.`;
      const flow = kept.some(({ key }) => /^teacher\.(concurrency|limits)/.test(key));
      const change = `How fast it asks its teacher is changed with \`baldistill flow ${spec.name}\`.`;
      return { kind: 'joined', notes: kept.length === 0 ? [] : [note, ...(flow ? [change] : [])] };
    }
    try {
      await start(terminal, engine, spec);
      return { kind: 'started' };
    } catch (error) {
      // Another command started it after our check: follow that run.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

/** Throws (exit 2) where a run of this name has other settings. */
export function refuseChanged(before: RunSpec, now: RunSpec): void {
  const differences = specDifferences(before, now);
  if (differences.length === 0) return;
  const lines = differences.map(({ key, before: old, after }) => `  ${key}: ${old} -> ${after}`);
  const message = [`The run "${now.name}" was previewed or started with other settings:`, ...lines].join('\n');
  throw new CommandError(
    exitCodes.usage,
    message,
    'Give the changed run another name (--name): it finds every answer paid for that it asks for itself. Or change the file back.',
  );
}

/** The spec a workflow was started with; undefined where this home did not sign it or lost it. */
export async function startedSpec(
  home: string,
  memo: WorkflowExecutionDescription['memo'],
): Promise<RunSpec | undefined> {
  const run = SignedRun.safeParse(memo?.['run']).data;
  if (run === undefined) return undefined;
  try {
    return await openOwner(home, null).openRun(run);
  } catch (error) {
    if (error instanceof BaldistillError) return undefined;
    throw error;
  }
}

async function describeOpen({ client }: Engine, run: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    const description = await client.workflow.getHandle(run).describe();
    if (description.status.name !== 'RUNNING') return undefined;
    const { type } = description;
    if (type !== 'distill') throw takenBy(type === 'compare' ? 'comparison' : `workflow "${type}"`, run);
    return description;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function takenBy(what: string, name: string): CommandError {
  const remedy = 'Give the run another name (--name). Nothing was started.';
  return new CommandError(exitCodes.usage, `"${name}" is the name of a ${what}.`, remedy);
}

async function start(terminal: Terminal, { client, connection, services }: Engine, spec: RunSpec): Promise<void> {
  const config = loadTemporalConfig();
  const searchAttributes = config.searchAttributes && (await ensureSearchAttributes(connection, services.namespace));
  if (!searchAttributes) {
    terminal.note(`The namespace ${services.namespace} takes no search attributes: this run has no columns in the UI.`);
  }
  await registerRuns(terminal.home, [spec]);
  const run = await openOwner(terminal.home, null).signRun(spec);
  const input: DistillInput = { run, searchAttributes, engine: engineSettings(config) };
  await client.workflow.start('distill', {
    workflowId: spec.name,
    taskQueue: input.engine.queues.control,
    args: [input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    memo: { run },
    staticSummary: summaryOf(spec),
    staticDetails: settingsTable(spec),
    ...(searchAttributes ? { typedSearchAttributes: attributesOf(spec) } : {}),
  });
}

function attributesOf(spec: RunSpec) {
  return [
    { key: defineSearchAttributeKey('BaldistillStatus', 'KEYWORD'), value: 'preparing' },
    { key: defineSearchAttributeKey('BaldistillMethod', 'KEYWORD'), value: spec.method },
    { key: defineSearchAttributeKey('BaldistillDataset', 'KEYWORD'), value: datasetOf(spec) },
  ];
}
