/** What a report shows of a run beside its sums: closed stages, the budget over time, answers that could not be used. */
import { sql } from 'kysely';
import type { BudgetHistory, ClosedStageRecord, RunKey, UnusableAnswer } from '../../../activities/ports/ledger.ts';
import type { Operation } from '../protocol.ts';
import { columnsOf, statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';

const storeStage = statement((database, p: Parameter<ClosedStageRecord & { closed_at: number }>) =>
  database
    .insertInto('stages')
    .values(columnsOf(p, ['run', 'stage', 'closed_at', 'duplicated', 'request', 'closed']))
    .onConflict((conflict) =>
      conflict.columns(['run', 'stage']).doUpdateSet(columnsOf(p, ['closed_at', 'duplicated', 'request', 'closed'])),
    ),
);

const stagesOfRun = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('stages')
    .select(['run', 'stage', 'duplicated', 'request', 'closed'])
    .where('run', '=', p('run'))
    .orderBy('stage'),
);

const stageTimes = statement((database, p: Parameter<RunKey>) =>
  database.selectFrom('stages').select(['stage', 'closed_at as at']).where('run', '=', p('run')).orderBy('stage'),
);

/** Every n-th event of the run, its first and its last, so that a run of any length has no more than `points + 2`. */
const pointsOfRun = statement(
  (_, p: Parameter<RunKey & { points: number }>) => sql<BudgetHistory['points'][number]>`
    with own as (
      select counter, at, charged, call_limit, micro_usd, transition,
        charged - lag(charged, 1, 0) over (order by counter) as change
      from events where run = ${p('run')}
    ), summed as (
      select at, charged, call_limit as "limit", micro_usd as "microUsd",
        row_number() over (order by counter) as place,
        count(*) over () as events,
        sum(case transition when 'reuse' then 1 when 'follow' then 1 when 'release' then -1 else 0 end)
          over (order by counter) as cached,
        sum(case transition when 'forfeit' then 1 when 'recover' then -1 when 'adopt' then change else 0 end)
          over (order by counter) as forfeited
      from own
    )
    select at, charged, "limit", cached, forfeited, "microUsd" from summed
    where place = 1 or place = events or place % (events / ${p('points')} + 1) = 0
    order by place`,
);

/** Drawn by the hash of the content, so the same answers are returned whatever order they arrived in. */
const unusableOfRun = statement(
  (_, p: Parameter<RunKey & { each: number }>) => sql<UnusableAnswer>`
    with drawn as (
      select charges.call_id as "callId", charges.stage, charges.slot, charges.domain, calls.unusable as reason,
        calls.answer_text as text,
        row_number() over (partition by calls.unusable order by charges.call_id, charges.stage, charges.slot) as place
      from charges join calls on calls.call_id = charges.call_id
      where charges.run = ${p('run')} and calls.unusable is not null and calls.answer_text is not null
        and charges.state in ('settled', 'recovered')
    )
    select "callId", stage, slot, domain, reason, text from drawn where place <= ${p('each')}
    order by reason, place`,
);

/** The last closing counts: a run that is started again closes its stages again. */
export const recordStage: Operation<'recordStage'> = async (transaction, record) => {
  await transaction.run(storeStage, { ...record, closed_at: transaction.now });
};

export const closedStages: Operation<'closedStages'> = async (transaction, run) =>
  await transaction.run(stagesOfRun, run);

export const history: Operation<'history'> = async (transaction, { run, points }) => {
  await transaction.flush();
  return {
    points: await transaction.run(pointsOfRun, { run, points }),
    stages: await transaction.run(stageTimes, { run }),
  };
};

export const unusable: Operation<'unusable'> = async (transaction, query) =>
  await transaction.run(unusableOfRun, query);
