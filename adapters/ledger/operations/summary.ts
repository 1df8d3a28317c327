/** What a run has spent, for people. */
import type { LedgerSummary, SpentPart } from '../../../activities/ports/ledger.ts';
import { runBudget } from '../budget-row.ts';
import type { LedgerTransaction } from '../transaction.ts';

export async function summarize(transaction: LedgerTransaction, { run }: { run: string }): Promise<LedgerSummary> {
  // Sums are made by the database, so it has to know the budgets of this group too.
  await transaction.flush();
  const state = await transaction.budget(run);
  const stages = await parts(transaction, run, 'stage');
  const domains = await parts(transaction, run, 'domain');
  const all = total(stages.map(({ part }) => part));
  const { settled, forfeited, recovered, refused, open } = state;
  const student = await studentSpendings(transaction, run);
  return {
    run,
    budget: runBudget(state),
    calls: { settled, cached: all.cached, forfeited, recovered, refused, open },
    duplicates: await duplicates(transaction, run),
    ...(await answersPaid(transaction, run, all, student)),
    unusable: await unusableAnswers(transaction, run),
    stages: stages.map(({ key, part }) => ({ stage: Number(key), ...part })),
    domains: domains.map(({ key, part }) => ({ domain: String(key), ...part })),
    student: student.map(({ spending }) => spending),
  };
}

/** Charges of the run by one of their columns. */
async function parts({ database }: LedgerTransaction, run: string, by: 'stage' | 'domain') {
  const rows = await database
    .selectFrom('charges')
    .select(by)
    .select(({ fn }) => [
      fn.sum<number | string>('charged').as('charged'),
      fn
        .sum<number | string | null>('charged')
        .filterWhere('state', '=', 'settled')
        .filterWhere('role', '=', 'payer')
        .as('settled'),
      fn
        .countAll<number | string>()
        .filterWhere('state', '=', 'settled')
        .filterWhere('role', '=', 'cached')
        .as('cached'),
      fn.sum<number | string | null>('charged').filterWhere('state', '=', 'forfeited').as('forfeited'),
      fn.sum<number | string | null>('charged').filterWhere('state', '=', 'recovered').as('recovered'),
      fn.sum<number | string | null>('charged').filterWhere('state', '=', 'open').as('open'),
      fn.sum<number | string>('tokens').as('tokens'),
      fn.sum<number | string>('micro_usd').as('micro_usd'),
    ])
    .where('run', '=', run)
    .groupBy(by)
    .orderBy(by)
    .execute();
  return rows.map((row) => ({
    key: by === 'stage' && 'stage' in row ? row.stage : 'domain' in row ? row.domain : '',
    part: {
      charged: Number(row.charged),
      settled: Number(row.settled ?? 0),
      cached: Number(row.cached),
      forfeited: Number(row.forfeited ?? 0),
      recovered: Number(row.recovered ?? 0),
      open: Number(row.open ?? 0),
      tokens: Number(row.tokens),
      microUsd: Number(row.micro_usd),
    } satisfies SpentPart,
  }));
}

function total(all: readonly SpentPart[]): { cached: number; microUsd: number } {
  return {
    cached: all.reduce((sum, part) => sum + part.cached, 0),
    microUsd: all.reduce((sum, part) => sum + part.microUsd, 0),
  };
}

interface StudentSpending {
  readonly spending: LedgerSummary['student'][number];
  readonly worst: number;
}

async function studentSpendings({ database }: LedgerTransaction, run: string): Promise<StudentSpending[]> {
  const rows = await database
    .selectFrom('spendings')
    .select('kind')
    .select(({ fn, eb }) => [
      fn.countAll<number | string>().as('count'),
      fn
        .countAll<number | string>()
        .filterWhere(eb('state', '=', 'forfeited'))
        .as('forfeited'),
      fn.sum<number | string | null>('input_tokens').as('input'),
      fn.sum<number | string | null>('output_tokens').as('output'),
      fn.sum<number | string>('micro_usd').as('micro_usd'),
      fn.sum<number | string>('worst_micro_usd').as('worst'),
    ])
    .where('run', '=', run)
    .where('state', '!=', 'refused')
    .groupBy('kind')
    .orderBy('kind')
    .execute();
  return rows.map((row) => ({
    spending: {
      kind: row.kind,
      count: Number(row.count),
      forfeited: Number(row.forfeited),
      inputTokens: Number(row.input ?? 0),
      outputTokens: Number(row.output ?? 0),
      microUsd: Number(row.micro_usd),
    },
    worst: Number(row.worst),
  }));
}

/** Tokens and money of the answers this run pays; an answer from the cache is another's. */
async function answersPaid(
  { database }: LedgerTransaction,
  run: string,
  all: { microUsd: number },
  student: readonly StudentSpending[],
): Promise<Pick<LedgerSummary, 'tokens' | 'money'>> {
  const paid = await database
    .selectFrom('charges')
    .innerJoin('calls', 'calls.call_id', 'charges.call_id')
    .select(({ fn, eb }) => [
      fn.sum<number | string | null>('calls.input_tokens').as('input'),
      fn.sum<number | string | null>('calls.cached_input_tokens').as('cached'),
      fn.sum<number | string | null>('calls.output_tokens').as('output'),
      fn
        .countAll<number | string>()
        .filterWhere(eb('calls.answer_text', 'is not', null).and('calls.micro_usd', 'is', null))
        .as('unpriced'),
    ])
    .where('charges.run', '=', run)
    .where('charges.role', '=', 'payer')
    .where('charges.state', 'in', ['settled', 'recovered'])
    .executeTakeFirst();
  const worst = await database
    .selectFrom('charges')
    .select(({ fn }) => [
      fn.sum<number | string | null>('worst_tokens').as('tokens'),
      fn.sum<number | string | null>('worst_micro_usd').as('micro_usd'),
    ])
    .where('run', '=', run)
    .where('charged', '=', 1)
    .executeTakeFirst();
  const sum = (of: (kind: StudentSpending) => number): number => student.reduce((before, kind) => before + of(kind), 0);
  return {
    tokens: {
      input: Number(paid?.input ?? 0),
      cachedInput: Number(paid?.cached ?? 0),
      output: Number(paid?.output ?? 0),
      worst: Number(worst?.tokens ?? 0),
    },
    money: {
      teacherMicroUsd: all.microUsd,
      studentMicroUsd: sum(({ spending }) => spending.microUsd),
      worstMicroUsd: Number(worst?.micro_usd ?? 0) + sum((kind) => kind.worst),
      unpriced: Number(paid?.unpriced ?? 0),
    },
  };
}

async function duplicates({ database }: LedgerTransaction, run: string): Promise<number> {
  const row = await database
    .selectFrom('stages')
    .select(({ fn }) => fn.sum<number | string | null>('duplicated').as('duplicated'))
    .where('run', '=', run)
    .executeTakeFirst();
  return Number(row?.duplicated ?? 0);
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
