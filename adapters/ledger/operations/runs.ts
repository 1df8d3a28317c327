/** Runs and what may be changed of their budgets. */
import type { RunBudget } from '../../../activities/ports/ledger.ts';
import type { RunStatus } from '../../../contracts/progress.ts';
import { openBudget } from '../../../domain/budget/budget.ts';
import type { Limits } from '../../../domain/budget/budget.ts';
import { isBatchSession } from '../batch-sessions.ts';
import { budgetColumns, runBudget } from '../budget-row.ts';
import type { Operations, StoredRun } from '../thread/protocol.ts';
import type { RunRow } from '../statements.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { forfeitOpen } from './forfeit.ts';
import { forfeitLost } from './spend.ts';

/** A run that exists keeps its limits and what it is charged. */
export async function openRun(
  transaction: LedgerTransaction,
  opening: Operations['openRun']['input'],
): Promise<RunBudget> {
  const { database, statements, now } = transaction;
  const [known] = await statements.runRow(database, { name: opening.run });
  if (known === undefined) {
    const { slots, calls: limit, tokens: tokenLimit, microUsd: microUsdLimit, planned, maxForfeits } = opening;
    const budget = openBudget({ slots, limit, planned, maxForfeits, tokenLimit, microUsdLimit });
    const columns = budgetColumns(opening.run, budget);
    const nothing = { result: null, excess_tokens: 0, excess_micro_usd: 0 };
    const run = { spec: opening.spec, status: 'preparing', opened_at: now, ...nothing };
    const row = { ...columns, ...run, slots, max_forfeits: maxForfeits };
    await database.insertInto('runs').values(row).execute();
    await transaction.log(opening.run, 'open-run', null);
  }
  return runBudget(await transaction.budget(opening.run));
}

export async function readBudget(transaction: LedgerTransaction, { run }: { run: string }): Promise<RunBudget> {
  return runBudget(await transaction.budget(run));
}

export async function setLimits(
  transaction: LedgerTransaction,
  { run, limits }: { run: string; limits: Limits },
): Promise<{ accepted: boolean; budget: RunBudget }> {
  const applied = await transaction.apply(run, { type: 'setLimits', limits }, 'set-limits', null);
  return { accepted: !('refusal' in applied), budget: runBudget(applied.state) };
}

export async function setPlanned(
  transaction: LedgerTransaction,
  { run, calls }: { run: string; calls: number },
): Promise<null> {
  await transaction.apply(run, { type: 'setPlanned', planned: calls }, 'set-planned', null);
  return null;
}

export async function forgiveForfeits(transaction: LedgerTransaction, { run }: { run: string }): Promise<null> {
  await transaction.apply(run, { type: 'forgive' }, 'forgive', null);
  return null;
}

const ended: ReadonlySet<RunStatus> = new Set<RunStatus>(['completed', 'stopped', 'failed']);

/** A run that ended leaves no open intent behind: those of lost workers are forfeited, those in flight will end. */
export async function setRunStatus(
  transaction: LedgerTransaction,
  { run, status, result }: Operations['setRunStatus']['input'],
): Promise<null> {
  const { database, statements } = transaction;
  await transaction.budget(run);
  await database.updateTable('runs').set({ status, result }).where('name', '=', run).execute();
  await transaction.log(run, `run-${status}`, null);
  if (!ended.has(status)) return null;
  for (const call of await statements.openCallsOfRun(database, { run })) {
    // Nobody looks after the batches of a run that is over; should it be started again, their answers come late.
    const left = call.run === run && isBatchSession(call.session);
    if (!left && (await transaction.alive(call.session))) continue;
    await forfeitOpen(transaction, call, { reason: left ? 'batch_left' : 'worker_lost', seen: false });
  }
  await forfeitLost(transaction, run, true);
  return null;
}

export async function readRun(transaction: LedgerTransaction, { name }: { name: string }): Promise<StoredRun | null> {
  await transaction.flush();
  const [row] = await transaction.statements.runRow(transaction.database, { name });
  return row === undefined ? null : storedRun(row);
}

/** In the order they were opened. */
export async function readRuns(transaction: LedgerTransaction): Promise<readonly StoredRun[]> {
  await transaction.flush();
  const rows = await transaction.database.selectFrom('runs').selectAll().orderBy('opened_at').orderBy('name').execute();
  return rows.map(storedRun);
}

function storedRun({ name, spec, status, call_limit: limit, charged, result, opened_at }: RunRow): StoredRun {
  return { name, spec, status, limit, charged, result, openedAt: opened_at };
}
