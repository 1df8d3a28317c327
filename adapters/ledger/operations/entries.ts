/** Every entry of a run, and what its endpoint should have counted. */
import { sql } from 'kysely';
import type { EndpointTally, RunKey } from '../../../activities/ports/ledger.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';

const entriesOfRun = statement((database, p: Parameter<RunKey>) =>
  database
    .selectFrom('charges')
    .leftJoin('calls', 'calls.call_id', 'charges.call_id')
    .select(['stage', 'round', 'slot', 'attempt', 'domain', 'kind', 'charges.call_id as callId', 'role'])
    .select((eb) =>
      eb.case().when('role', '=', 'payer').then(eb.ref('charges.run')).else(eb.ref('calls.run')).end().as('payer'),
    )
    .select(['charges.state', 'charges.reason', 'charged', 'tokens', 'charges.micro_usd as microUsd'])
    .select(['finish_reason as finishReason', 'input_tokens as inputTokens', 'output_tokens as outputTokens'])
    .select(['latency_ms as latencyMs', 'unusable'])
    .where('charges.run', '=', p('run'))
    .orderBy('stage')
    .orderBy('round')
    .orderBy('slot')
    .orderBy('attempt'),
);

export const entries: Operation<'entries'> = async (transaction, run) => await transaction.run(entriesOfRun, run);

export const tally: Operation<'tally'> = async ({ database }, { runs }) => {
  if (runs.length === 0) return { answered: 0, uncertain: 0, sentAgain: 0 };
  const names = sql.join(runs);
  const { rows } = await sql<EndpointTally>`
    select count(*) filter (where state in ('settled', 'recovered')) as answered,
      count(*) filter (where state in ('forfeited', 'intent'))
        + (select coalesce(sum(charged), 0) from charges where run in (${names}) and kind = 'adopted') as uncertain,
      coalesce(sum(sends), 0) - count(*) as "sentAgain"
    from calls where run in (${names})`.execute(database);
  return rows[0] ?? { answered: 0, uncertain: 0, sentAgain: 0 };
};
