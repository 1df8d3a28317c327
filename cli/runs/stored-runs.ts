/** What the ledger remembers of runs, also long after the engine forgot them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger, RunRecord } from '../../activities/ports/ledger.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { RunResult } from '../../contracts/progress.ts';
import { CommandError, exitCodes } from '../exit.ts';

export function ledgerPath(home: string): string {
  return join(home, 'ledger.sqlite');
}

export function artifactFolder(home: string): string {
  return join(home, 'artifacts');
}

/** Opens the ledger for one piece of work; undefined where no run was ever started in this home. */
export async function withLedger<T>(home: string, work: (ledger: Ledger) => Promise<T>): Promise<T | undefined> {
  if (!existsSync(ledgerPath(home))) return undefined;
  const ledger = await openLedger({ path: ledgerPath(home) });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

export async function recordOf(home: string, run: string): Promise<RunRecord | undefined> {
  return await withLedger(home, (ledger) => ledger.run({ run }));
}

/** The result a run ended with; undefined while it is going on. */
export function resultOf(record: RunRecord): RunResult | undefined {
  return RunResult.safeParse(record.result).data;
}

export function unknownRun(run: string): CommandError {
  return new CommandError(exitCodes.usage, `There is no run "${run}".`, '`baldistill ls` lists the runs.');
}

/** Where a run keeps its report and outputs. */
export function runFolder(home: string, run: string): string {
  return join(home, 'runs', run);
}
