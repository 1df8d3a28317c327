/** What a report shows of a run beyond its sums: the budget over time, and answers that could not be used. */
import { sql } from 'kysely';
import type { BudgetHistory, UnusableAnswer } from '../../../activities/ports/ledger.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** A point of the history as the database gives it. */
interface PointRow {
  readonly at: number | string;
  readonly charged: number;
  readonly call_limit: number;
  readonly cached: number | string;
  readonly forfeited: number | string;
  readonly micro_usd: number | string;
}

/** Every n-th event of the run, its first and its last, so that a run of any length gives no more than `points + 2`. */
export async function readHistory(
  transaction: LedgerTransaction,
  { run, points }: { run: string; points: number },
): Promise<BudgetHistory> {
  await transaction.flush();
  const { database } = transaction;
  const { rows } = await sql<PointRow>`
    with own as (
      select counter, at, charged, call_limit, micro_usd, transition,
        charged - lag(charged, 1, 0) over (order by counter) as change
      from events where run = ${run}
    ), summed as (
      select at, charged, call_limit, micro_usd,
        row_number() over (order by counter) as place,
        count(*) over () as events,
        sum(case transition when 'reuse' then 1 when 'follow' then 1 when 'release' then -1 else 0 end)
          over (order by counter) as cached,
        sum(case transition when 'forfeit' then 1 when 'recover' then -1 when 'adopt' then change else 0 end)
          over (order by counter) as forfeited
      from own
    )
    select at, charged, call_limit, cached, forfeited, micro_usd from summed
    where place = 1 or place = events or place % (events / ${points} + 1) = 0
    order by place`.execute(database);
  const stages = await database
    .selectFrom('stages')
    .select(['stage', 'closed_at'])
    .where('run', '=', run)
    .orderBy('stage')
    .execute();
  return {
    points: rows.map((row) => ({
      at: Number(row.at),
      charged: row.charged,
      limit: row.call_limit,
      cached: Number(row.cached),
      forfeited: Number(row.forfeited),
      microUsd: Number(row.micro_usd),
    })),
    stages: stages.map(({ stage, closed_at: at }) => ({ stage, at })),
  };
}

/** At most `each` answers a reason, drawn by the hash of what was asked: the same ones in whatever order they came. */
export async function readUnusable(
  { database }: LedgerTransaction,
  { run, each }: { run: string; each: number },
): Promise<readonly UnusableAnswer[]> {
  const { rows } = await sql<UnusableAnswer>`
    with drawn as (
      select charges.call_id as "callId", charges.stage, charges.slot, charges.domain, calls.unusable as reason,
        calls.answer_text as text,
        row_number() over (partition by calls.unusable order by charges.call_id, charges.stage, charges.slot) as place
      from charges join calls on calls.call_id = charges.call_id
      where charges.run = ${run} and calls.unusable is not null and calls.answer_text is not null
        and charges.state in ('settled', 'recovered')
    )
    select "callId", stage, slot, domain, reason, text from drawn where place <= ${each}
    order by reason, place`.execute(database);
  return rows;
}
