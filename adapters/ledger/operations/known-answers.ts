/** What the ledger knows of answers before anybody asks for them: for plans, which change nothing. */
import type { AnswerUsage, KnownAnswer } from '../../../activities/ports/ledger.ts';
import type { LedgerTransaction } from '../transaction.ts';

/** Databases take only so many values a statement. */
const keysAtOnce = 500;

/** Of these keys, those that are answered. */
export async function knownAnswers(
  { database }: LedgerTransaction,
  { contentKeys }: { contentKeys: readonly string[] },
): Promise<readonly KnownAnswer[]> {
  const found: KnownAnswer[] = [];
  for (let at = 0; at < contentKeys.length; at += keysAtOnce) {
    const rows = await database
      .selectFrom('calls')
      .select(['content_key', 'run', 'input_tokens', 'output_tokens', 'latency_ms'])
      .where('content_key', 'in', contentKeys.slice(at, at + keysAtOnce))
      .where('state', 'in', ['settled', 'recovered'])
      .execute();
    for (const row of rows) {
      const { content_key: contentKey, run, input_tokens: inputTokens, output_tokens: outputTokens } = row;
      found.push({ contentKey, run, inputTokens, outputTokens, latencyMs: row.latency_ms });
    }
  }
  return found;
}

/** What the answers that these runs paid were like, by kind of call. */
export async function answerUsage(
  { database }: LedgerTransaction,
  { runs }: { runs: readonly string[] },
): Promise<readonly AnswerUsage[]> {
  if (runs.length === 0) return [];
  const rows = await database
    .selectFrom('charges')
    .innerJoin('calls', 'calls.call_id', 'charges.call_id')
    .select('charges.kind')
    .select(({ fn, eb }) => [
      fn.countAll<number | string>().as('count'),
      fn.avg<number | string | null>('calls.output_tokens').as('output'),
      fn.avg<number | string | null>(eb('calls.output_tokens', '*', eb.ref('calls.output_tokens'))).as('squares'),
      fn.avg<number | string | null>('calls.latency_ms').as('latency'),
    ])
    .where('charges.run', 'in', runs)
    .where('charges.role', '=', 'payer')
    .where('calls.state', 'in', ['settled', 'recovered'])
    .where('calls.output_tokens', 'is not', null)
    .groupBy('charges.kind')
    .orderBy('charges.kind')
    .execute();
  return rows.map(({ kind, count, output, squares, latency }) => {
    const mean = Number(output ?? 0);
    return {
      kind,
      count: Number(count),
      outputTokens: mean,
      deviation: Math.sqrt(Math.max(0, Number(squares ?? 0) - mean * mean)),
      latencyMs: latency === null ? null : Number(latency),
    };
  });
}
