/** Stored answers by content, for plans and estimates. These operations change nothing. */
import { sql } from 'kysely';
import type { AnswerUsage, KnownAnswer } from '../../../activities/ports/ledger.ts';
import type { Operation } from '../protocol.ts';

/** Databases limit the values of a statement. */
const keysAtOnce = 500;

export const knownAnswers: Operation<'knownAnswers'> = async ({ database }, { contentKeys }) => {
  const found: KnownAnswer[] = [];
  for (let at = 0; at < contentKeys.length; at += keysAtOnce) {
    const rows = await database
      .selectFrom('calls')
      .select(['content_key as contentKey', 'run', 'input_tokens as inputTokens', 'output_tokens as outputTokens'])
      .select('latency_ms as latencyMs')
      .where('content_key', 'in', contentKeys.slice(at, at + keysAtOnce))
      .where('state', 'in', ['settled', 'recovered'])
      .execute();
    found.push(...rows);
  }
  return found;
};

export const answerUsage: Operation<'answerUsage'> = async ({ database }, { runs }) => {
  if (runs.length === 0) return [];
  const { rows } = await sql<Omit<AnswerUsage, 'deviation'> & { readonly squares: number }>`
    select charges.kind, count(*) as count, avg(calls.output_tokens) as "outputTokens",
      avg(calls.output_tokens * calls.output_tokens) as squares, avg(calls.latency_ms) as "latencyMs"
    from charges join calls on calls.call_id = charges.call_id
    where charges.run in (${sql.join(runs)}) and charges.role = 'payer' and calls.state in ('settled', 'recovered')
      and calls.output_tokens is not null
    group by charges.kind order by charges.kind`.execute(database);
  return rows.map(({ squares, ...usage }) => ({
    ...usage,
    deviation: Math.sqrt(Math.max(0, squares - usage.outputTokens * usage.outputTokens)),
  }));
};
