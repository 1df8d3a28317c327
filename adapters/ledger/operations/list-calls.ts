/** Every entry of a run, in the order of its slots. */
import type { EndpointTally, LedgerEntry } from '../../../activities/ports/ledger.ts';
import type { LedgerTransaction } from '../transaction.ts';

export async function listCalls(
  transaction: LedgerTransaction,
  { run }: { run: string },
): Promise<readonly LedgerEntry[]> {
  const rows = await transaction.database
    .selectFrom('charges')
    .leftJoin('calls', 'calls.call_id', 'charges.call_id')
    .selectAll('charges')
    .select(['calls.finish_reason', 'calls.input_tokens', 'calls.output_tokens', 'calls.latency_ms', 'calls.unusable'])
    .select('calls.run as payer')
    .where('charges.run', '=', run)
    .orderBy('charges.stage')
    .orderBy('charges.round')
    .orderBy('charges.slot')
    .orderBy('charges.attempt')
    .execute();
  return rows.map((row) => ({
    stage: row.stage,
    round: row.round,
    slot: row.slot,
    attempt: row.attempt,
    domain: row.domain,
    kind: row.kind,
    callId: row.call_id,
    payer: row.role === 'payer' ? row.run : row.payer,
    role: row.role,
    state: row.state,
    reason: row.reason,
    charged: row.charged,
    tokens: row.tokens,
    microUsd: row.micro_usd,
    finishReason: row.finish_reason,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    latencyMs: row.latency_ms,
    unusable: row.unusable,
  }));
}

/** What an endpoint should have counted of the calls these runs paid. */
export async function tally(
  { database }: LedgerTransaction,
  { runs }: { runs: readonly string[] },
): Promise<EndpointTally> {
  if (runs.length === 0) return { answered: 0, uncertain: 0, sentAgain: 0 };
  const row = await database
    .selectFrom('calls')
    .select(({ fn }) => [
      fn.countAll<number | string>().filterWhere('state', 'in', ['settled', 'recovered']).as('answered'),
      fn.countAll<number | string>().filterWhere('state', 'in', ['forfeited', 'intent']).as('uncertain'),
      fn.sum<number | string | null>('sends').as('sends'),
      fn.countAll<number | string>().as('calls'),
    ])
    .where('run', 'in', runs)
    .executeTakeFirst();
  const adopted = await database
    .selectFrom('charges')
    .select(({ fn }) => fn.sum<number | string | null>('charged').as('charged'))
    .where('run', 'in', runs)
    .where('kind', '=', 'adopted')
    .executeTakeFirst();
  return {
    answered: Number(row?.answered ?? 0),
    uncertain: Number(row?.uncertain ?? 0) + Number(adopted?.charged ?? 0),
    sentAgain: Number(row?.sends ?? 0) - Number(row?.calls ?? 0),
  };
}
