/** What the workflow of a run says, against what the ledger says: the workflow's figures are copies, never ahead. */
import type { Ledger } from '../../activities/ports/ledger.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Known, Part } from './part.ts';

const over: ReadonlySet<string> = new Set(['completed', 'stopped', 'failed']);

export async function workflowFindings(ledger: Ledger, { record, snapshot }: Known): Promise<Part> {
  if (snapshot === undefined)
    return {
      name: 'workflow',
      looked: 'not asked: the engine is not running, or has forgotten the run',
      differences: [],
    };
  const { run } = snapshot;
  const differences: string[] = [];
  const { charged, tokens, microUsd } = await ledger.budget({ run: record.name });
  const copy = snapshot.stage?.budget ?? run.budget;
  const ahead = (what: string, seen: number, stored: number): void => {
    if (seen > stored) differences.push(`the workflow has seen ${seen} ${what} charged, the ledger says ${stored}`);
  };
  if (copy !== null) {
    ahead('calls', copy.charged, charged);
    // Tokens and money are worst cases while calls are in flight, and fall when they settle.
    if (over.has(run.status)) {
      ahead('tokens', copy.tokens.charged, tokens.charged);
      ahead('micro-USD', copy.microUsd.charged, microUsd.charged);
    }
  }
  if (over.has(run.status) !== over.has(record.status))
    differences.push(`the workflow is ${run.status}, the ledger says ${record.status}`);
  const closed = (await ledger.closedStages({ run: record.name })).length;
  if (run.finished.length > closed)
    differences.push(`the workflow has finished ${run.finished.length} stages, the ledger has ${closed} closed ones`);
  if (run.ledger !== null) {
    try {
      await ledger.verify(run.ledger);
    } catch (error) {
      if (!(error instanceof BaldistillError)) throw error;
      differences.push(error.message);
    }
  }
  return { name: 'workflow', looked: `${run.status}, ${run.finished.length} stages finished`, differences };
}
