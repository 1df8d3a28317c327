/**
 * Repairs amounts that no call can have. Earlier versions accepted any reported number of tokens; sums could exceed what
 * JavaScript reads exactly, and then no operation could read the ledger. A charge is reset to its worst case, the reported
 * figure stays as text in its reason, and the run's sums are computed from its entries again.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { mostTokens } from '../../../domain/budget/cost.ts';
import type { Schema } from './schema.ts';
import type { SqliteLedger } from '../sqlite.ts';

/** Far above what one call is charged, and far below where sums of many calls overflow. */
const most = { tokens: 1_000_000_000, microUsd: 1_000_000_000_000 };
const mostSum = Number.MAX_SAFE_INTEGER;

/** Checks without a lock, so an intact ledger delays no other process; writes one event for each run it repairs. */
export async function repairAmounts(ledger: SqliteLedger): Promise<void> {
  if ((await affectedRuns(ledger.database)).length === 0) return;
  await ledger.transact(async ({ database }) => {
    for (const run of await affectedRuns(database)) {
      await repairCharges(database, run);
      await repairAnswers(database, run);
      await repairSums(database, run);
      await logRepair(database, run);
    }
  });
}

async function affectedRuns(database: Kysely<Schema>): Promise<string[]> {
  const { rows } = await sql<{ run: string }>`
    select name as run from runs where tokens > ${mostSum} or micro_usd > ${mostSum}
      or excess_tokens > ${most.tokens} or excess_micro_usd > ${most.microUsd}
    union select run from charges where tokens > ${most.tokens} or worst_tokens > ${most.tokens}
      or micro_usd > ${most.microUsd} or worst_micro_usd > ${most.microUsd}
    union select run from calls where input_tokens > ${most.tokens} or cached_input_tokens > ${most.tokens}
      or output_tokens > ${most.tokens} or micro_usd > ${most.microUsd}
    union select run from spendings where micro_usd > ${most.microUsd} or worst_micro_usd > ${most.microUsd}
      or input_tokens > ${most.microUsd} or output_tokens > ${most.microUsd}
    union select run from events where tokens > ${mostSum} or micro_usd > ${mostSum}
    order by run`.execute(database);
  return rows.map(({ run }) => run);
}

/** A worst case that is impossible becomes the largest possible one of the run. */
async function repairCharges(database: Kysely<Schema>, run: string): Promise<void> {
  const { rows } = await sql<{ tokens: number | null; micro_usd: number | null }>`
    select max(worst_tokens) as tokens, max(worst_micro_usd) as micro_usd from charges where run = ${run}
      and worst_tokens <= ${most.tokens} and worst_micro_usd <= ${most.microUsd}`.execute(database);
  const worst = { tokens: rows[0]?.tokens ?? 2 * mostTokens, microUsd: rows[0]?.micro_usd ?? 0 };
  await sql`update charges set worst_tokens = ${worst.tokens}, worst_micro_usd = ${worst.microUsd},
      tokens = case when tokens > ${most.tokens} then ${worst.tokens} else tokens end,
      micro_usd = case when micro_usd > ${most.microUsd} then ${worst.microUsd} else micro_usd end
    where run = ${run} and (worst_tokens > ${most.tokens} or worst_micro_usd > ${most.microUsd})`.execute(database);
  await sql`update charges set reason = coalesce(reason, 'impossible usage: ' || tokens || ' tokens'),
      tokens = worst_tokens, micro_usd = worst_micro_usd
    where run = ${run} and (tokens > ${most.tokens} or micro_usd > ${most.microUsd})`.execute(database);
}

/** The reported usage becomes unknown, and a spending keeps at most what was reserved for it. */
async function repairAnswers(database: Kysely<Schema>, run: string): Promise<void> {
  await sql`update calls set input_tokens = null, cached_input_tokens = null, output_tokens = null, micro_usd = null
    where run = ${run} and (input_tokens > ${most.tokens} or cached_input_tokens > ${most.tokens}
      or output_tokens > ${most.tokens} or micro_usd > ${most.microUsd})`.execute(database);
  await sql`update spendings set input_tokens = null, output_tokens = null,
      worst_micro_usd = case when worst_micro_usd > ${most.microUsd} then ${most.microUsd} else worst_micro_usd end
    where run = ${run} and (micro_usd > ${most.microUsd} or worst_micro_usd > ${most.microUsd}
      or input_tokens > ${most.microUsd} or output_tokens > ${most.microUsd})`.execute(database);
  await sql`update spendings set micro_usd = worst_micro_usd
    where run = ${run} and micro_usd > ${most.microUsd}`.execute(database);
}

async function repairSums(database: Kysely<Schema>, run: string): Promise<void> {
  await sql`update runs set
      tokens = (select coalesce(sum(tokens), 0) from charges where run = ${run}),
      micro_usd = (select coalesce(sum(micro_usd), 0) from charges where run = ${run})
        + (select coalesce(sum(micro_usd), 0) from spendings where run = ${run}),
      excess_tokens = case when excess_tokens > ${most.tokens} then 0 else excess_tokens end,
      excess_micro_usd = case when excess_micro_usd > ${most.microUsd} then 0 else excess_micro_usd end
    where name = ${run}`.execute(database);
  for (const column of ['tokens', 'micro_usd'] as const)
    await sql`update events set ${sql.ref(column)} = ${mostSum}
      where run = ${run} and ${sql.ref(column)} > ${mostSum}`.execute(database);
}

async function logRepair(database: Kysely<Schema>, run: string): Promise<void> {
  await sql`update ledger set counter = counter + 1`.execute(database);
  await sql`insert into events (counter, at, run, call_id, transition, charged, call_limit, tokens, token_limit,
      micro_usd, micro_usd_limit)
    select (select counter from ledger), ${Date.now()}, name, null, 'repair-amounts', charged, call_limit, tokens,
      token_limit, micro_usd, micro_usd_limit from runs where name = ${run}`.execute(database);
}
