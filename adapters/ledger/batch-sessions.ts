/**
 * Who is in charge of a call that a batch carries: the batch itself. It is alive from its first call until it is closed,
 * whatever becomes of workers; for others that wait for its calls, no longer than an endpoint takes for a batch with a
 * day to spare after its run last asked.
 */
import type { Kysely } from 'kysely';
import type { Schema } from './schema/schema.ts';

/** The completion window of 24 hours, what may come before and after it, and a day. */
const batchSilenceMs = 72 * 3_600_000;

const prefix = 'batch:';

export function batchSession(batch: string): string {
  return `${prefix}${batch}`;
}

export function isBatchSession(session: string): boolean {
  return session.startsWith(prefix);
}

export async function isBatchAlive(database: Kysely<Schema>, session: string, now: number): Promise<boolean> {
  const row = await database
    .selectFrom('batches')
    .select(['state', 'last_seen'])
    .where('id', '=', session.slice(prefix.length))
    .executeTakeFirst();
  return row !== undefined && row.state !== 'closed' && now - row.last_seen < batchSilenceMs;
}
