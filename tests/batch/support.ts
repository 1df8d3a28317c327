/** Helpers for batch stories: the batches of the endpoint, and the state of the ledger. */
import { z } from 'zod';
import { queryLedger } from '../ledger/ledger-file.ts';

const RemoteBatch = z.object({
  id: z.string(),
  status: z.string(),
  metadata: z.record(z.string(), z.string()).nullable(),
  request_counts: z.object({ total: z.int(), completed: z.int(), failed: z.int() }),
});
export type RemoteBatch = z.infer<typeof RemoteBatch>;

/** All batches of the endpoint, oldest first. */
export async function batchesAt(origin: URL | string): Promise<RemoteBatch[]> {
  const response = await fetch(new URL('/v1/batches?limit=100', origin));
  return z
    .object({ data: z.array(RemoteBatch) })
    .parse(await response.json())
    .data.toReversed();
}

/** Slots without exactly one answer, and lines that were paid for in more than one batch. */
export function slotsWithoutOneAnswer(ledger: string, run: string): Record<string, unknown>[] {
  return queryLedger(
    ledger,
    `select stage, round, slot, sum(state in ('settled', 'recovered')) as answers from charges
     where run = '${run}' group by stage, round, slot having answers != 1`,
  );
}
