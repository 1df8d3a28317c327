/** What a run has spent, for reports and commands. */
import { sql } from 'kysely';
import type { LedgerSummary, RunKey, SpentPart } from '../../../activities/ports/ledger.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';

const spentParts = sql`sum(charged) as charged,
  coalesce(sum(charged) filter (where state = 'settled' and role = 'payer'), 0) as settled,
  count(*) filter (where state = 'settled' and role = 'cached') as cached,
  coalesce(sum(charged) filter (where state = 'forfeited'), 0) as forfeited,
  coalesce(sum(charged) filter (where state = 'recovered'), 0) as recovered,
  coalesce(sum(charged) filter (where state = 'open'), 0) as open,
  sum(tokens) as tokens, sum(micro_usd) as "microUsd"`;

const stagesOfRun = statement(
  (_, p: Parameter<RunKey>) => sql<SpentPart & { readonly stage: number }>`
    select stage, ${spentParts} from charges where run = ${p('run')} group by stage order by stage`,
);

const domainsOfRun = statement(
  (_, p: Parameter<RunKey>) => sql<SpentPart & { readonly domain: string }>`
    select domain, ${spentParts} from charges where run = ${p('run')} group by domain order by domain`,
);

const studentOfRun = statement(
  (_, p: Parameter<RunKey>) => sql<LedgerSummary['student'][number]>`
    select kind, count(*) as count, count(*) filter (where state = 'forfeited') as forfeited,
      coalesce(sum(input_tokens), 0) as "inputTokens", coalesce(sum(output_tokens), 0) as "outputTokens",
      sum(micro_usd) as "microUsd"
    from spendings where run = ${p('run')} and state != 'refused' group by kind order by kind`,
);

/** Tokens of the answers this run pays; the tokens of an answer from the cache are another run's. */
const paidAnswers = statement(
  (_, p: Parameter<RunKey>) => sql<{ input: number; cachedInput: number; output: number; unpriced: number }>`
    select coalesce(sum(calls.input_tokens), 0) as input, coalesce(sum(calls.cached_input_tokens), 0) as "cachedInput",
      coalesce(sum(calls.output_tokens), 0) as output,
      count(*) filter (where calls.answer_text is not null and calls.micro_usd is null) as unpriced
    from charges join calls on calls.call_id = charges.call_id
    where charges.run = ${p('run')} and charges.role = 'payer' and charges.state in ('settled', 'recovered')`,
);

const reserved = statement(
  (_, p: Parameter<RunKey>) => sql<{ tokens: number; microUsd: number; duplicated: number }>`
    select coalesce(sum(worst_tokens), 0) as tokens,
      coalesce(sum(worst_micro_usd), 0) + (select coalesce(sum(worst_micro_usd), 0) from spendings
        where run = ${p('run')} and state != 'refused') as "microUsd",
      (select coalesce(sum(duplicated), 0) from stages where run = ${p('run')}) as duplicated
    from charges where run = ${p('run')} and charged = 1`,
);

const unusableOfRun = statement(
  (_, p: Parameter<RunKey>) => sql<{ unusable: string; count: number }>`
    select calls.unusable, count(*) as count from charges join calls on calls.call_id = charges.call_id
    where charges.run = ${p('run')} and calls.unusable is not null
    group by calls.unusable order by calls.unusable`,
);

export const summary: Operation<'summary'> = async (transaction, key) => {
  const { budget, state } = await transaction.account(key.run);
  const stages = await transaction.run(stagesOfRun, key);
  const domains = await transaction.run(domainsOfRun, key);
  const student = await transaction.run(studentOfRun, key);
  const [paid = { input: 0, cachedInput: 0, output: 0, unpriced: 0 }] = await transaction.run(paidAnswers, key);
  const [worst = { tokens: 0, microUsd: 0, duplicated: 0 }] = await transaction.run(reserved, key);
  const unusable = await transaction.run(unusableOfRun, key);
  const { settled, forfeited, recovered, refused, open } = state;
  const { input, cachedInput, output, unpriced } = paid;
  return {
    run: key.run,
    budget,
    calls: { settled, cached: sum(stages, ({ cached }) => cached), forfeited, recovered, refused, open },
    duplicates: worst.duplicated,
    tokens: { input, cachedInput, output, worst: worst.tokens },
    money: {
      teacherMicroUsd: sum(stages, ({ microUsd }) => microUsd),
      studentMicroUsd: sum(student, ({ microUsd }) => microUsd),
      worstMicroUsd: worst.microUsd,
      unpriced,
    },
    unusable: Object.fromEntries(unusable.map((row) => [row.unusable, row.count])),
    stages,
    domains,
    student,
  };
};

function sum<T>(rows: readonly T[], of: (row: T) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
