/** Runs: opening them, changing their budgets, and their status. */
import type { RunKey } from '../../../activities/ports/ledger.ts';
import type { RunStatus } from '../../../contracts/progress.ts';
import { openBudget } from '../../../domain/budget/budget.ts';
import type { BudgetState } from '../../../domain/budget/budget.ts';
import { forfeitCall, isAlive, isBatch, openCallsOfRun } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import type { RunsTable } from '../schema/schema.ts';
import { columnsOf, statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';
import { forfeitSpendings } from './spend.ts';

const storedRun = [
  'name',
  'spec',
  'status',
  'call_limit as limit',
  'charged',
  'result',
  'opened_at as openedAt',
] as const;

const runWithName = statement((database, p: Parameter<RunKey>) =>
  database.selectFrom('runs').select(storedRun).where('name', '=', p('run')),
);

const allRuns = statement((database) =>
  database.selectFrom('runs').select(storedRun).orderBy('opened_at').orderBy('name'),
);

const insertRun = statement((database, p: Parameter<BudgetState & RunKey & { spec: string; now: number }>) =>
  database.insertInto('runs').values({
    ...columnsOf(p, ['spec', 'slots', 'charged', 'open', 'settled', 'forfeited', 'recovered', 'cached', 'refused']),
    ...columnsOf(p, ['planned', 'streak', 'tokens']),
    name: p('run'),
    status: 'preparing',
    opened_at: p('now'),
    call_limit: p('limit'),
    max_forfeits: p('maxForfeits'),
    token_limit: p('tokenLimit'),
    micro_usd: p('microUsd'),
    micro_usd_limit: p('microUsdLimit'),
    excess_tokens: 0,
    excess_micro_usd: 0,
  }),
);

const updateStatus = statement((database, p: Parameter<Pick<RunsTable, 'name' | 'status' | 'result'>>) =>
  database
    .updateTable('runs')
    .set(columnsOf(p, ['status', 'result']))
    .where('name', '=', p('name')),
);

/** A run that exists keeps its limits and what it is charged. */
export const openRun: Operation<'openRun'> = async (transaction, opening) => {
  const [known] = await transaction.run(runWithName, opening);
  if (known === undefined) {
    const {
      run: name,
      spec,
      calls: limit,
      planned,
      maxForfeits,
      tokens: tokenLimit,
      microUsd: microUsdLimit,
    } = opening;
    const limits = { limit, planned, maxForfeits, tokenLimit, microUsdLimit };
    const state = openBudget({ slots: spec.budget.slots, ...limits });
    await transaction.run(insertRun, { ...state, run: name, spec: JSON.stringify(spec), now: transaction.now });
  }
  const account = await transaction.account(opening.run);
  if (known === undefined) account.log('open-run', null);
  return account.budget;
};

export const budget: Operation<'budget'> = async (transaction, { run }) => (await transaction.account(run)).budget;

export const setLimits: Operation<'setLimits'> = async (transaction, { run, limits }) => {
  const account = await transaction.account(run);
  const refusal = account.apply({ type: 'setLimits', limits }, 'set-limits', null);
  return { accepted: refusal === undefined, budget: account.budget };
};

export const setPlanned: Operation<'setPlanned'> = async (transaction, { run, calls }) => {
  (await transaction.account(run)).apply({ type: 'setPlanned', planned: calls }, 'set-planned', null);
};

export const forgiveForfeits: Operation<'forgiveForfeits'> = async (transaction, { run }) => {
  (await transaction.account(run)).apply({ type: 'forgive' }, 'forgive', null);
};

const ended: ReadonlySet<RunStatus> = new Set<RunStatus>(['completed', 'stopped', 'failed']);

/** A run that ended leaves no open call: those of dead workers are forfeited here, those in flight will end. */
export const setRunStatus: Operation<'setRunStatus'> = async (transaction, { run, status, result }) => {
  const account = await transaction.account(run);
  const stored = result === undefined || result === null ? null : JSON.stringify(result);
  await transaction.run(updateStatus, { name: run, status, result: stored });
  account.log(`run-${status}`, null);
  if (!ended.has(status)) return;
  for (const call of await transaction.run(openCallsOfRun, { run })) {
    // No workflow awaits the batches of a run that is over; after a restart their answers count as late ones.
    const left = call.run === run && isBatch(call.session);
    if (!left && (await isAlive(transaction, call.session))) continue;
    await forfeitCall(transaction, call, { reason: left ? 'batch_left' : 'worker_lost', seen: false });
  }
  await forfeitSpendings(transaction, run, true);
};

export const run: Operation<'run'> = async (transaction, key) => {
  await transaction.flush();
  return (await transaction.run(runWithName, key))[0];
};

export const runs: Operation<'runs'> = async (transaction) => {
  await transaction.flush();
  return await transaction.run(allRuns, {});
};
