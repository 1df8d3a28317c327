/** What a run has spent, for people. */
import type { LedgerSummary } from '../../../activities/ports/ledger.ts';
import { runBudget } from '../budget-row.ts';
import type { LedgerTransaction } from '../transaction.ts';

export async function summarise(transaction: LedgerTransaction, { run }: { run: string }): Promise<LedgerSummary> {
  const { database } = transaction;
  const state = await transaction.budget(run);
  const stages = await database
    .selectFrom('charges')
    .select('stage')
    .select(({ fn }) => fn.sum<number | string>('charged').as('charged'))
    .select(({ fn }) =>
      fn.sum<number | string | null>('charged').filterWhere('state', '=', 'forfeited').as('forfeited'),
    )
    .where('run', '=', run)
    .groupBy('stage')
    .orderBy('stage')
    .execute();
  const domains = await database
    .selectFrom('charges')
    .select('domain')
    .select(({ fn }) => fn.sum<number | string>('charged').as('charged'))
    .where('run', '=', run)
    .groupBy('domain')
    .orderBy('domain')
    .execute();
  const cached = await database
    .selectFrom('charges')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('run', '=', run)
    .where('role', '=', 'cached')
    .where('state', '=', 'settled')
    .executeTakeFirst();
  const tokens = await database
    .selectFrom('calls')
    .select(({ fn }) => fn.sum<number | string | null>('input_tokens').as('input'))
    .select(({ fn }) => fn.sum<number | string | null>('output_tokens').as('output'))
    .where('run', '=', run)
    .executeTakeFirst();
  const { settled, forfeited, recovered, refused, open } = state;
  return {
    run,
    budget: runBudget(state),
    calls: { settled, cached: Number(cached?.count ?? 0), forfeited, recovered, refused, open },
    tokens: { input: Number(tokens?.input ?? 0), output: Number(tokens?.output ?? 0) },
    unusable: await unusableAnswers(transaction, run),
    stages: stages.map((row) => ({
      stage: row.stage,
      charged: Number(row.charged),
      forfeited: Number(row.forfeited ?? 0),
    })),
    domains: domains.map((row) => ({ domain: row.domain, charged: Number(row.charged) })),
  };
}

/** Slots of the run whose answer could not be used, by reason. */
async function unusableAnswers({ database }: LedgerTransaction, run: string): Promise<Record<string, number>> {
  const rows = await database
    .selectFrom('charges')
    .innerJoin('calls', 'calls.call_id', 'charges.call_id')
    .select('calls.unusable')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('charges.run', '=', run)
    .where('calls.unusable', 'is not', null)
    .groupBy('calls.unusable')
    .orderBy('calls.unusable')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.unusable ?? '', Number(row.count)]));
}
