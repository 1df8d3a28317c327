import type { Ledger } from '../ports/ledger.ts';

/** Calls ended at the same time, as many as one commit takes. */
const atOnce = 256;

/** Refunds every call of a batch that never reached the endpoint, and closes the batch. */
export async function dropBatch(ledger: Ledger, id: string, reason: string): Promise<void> {
  await endOpenLines(ledger, id, async (callId) => await ledger.refuse({ callId, reason, final: false, batch: id }));
  await ledger.closeBatch({ id });
}

/** Ends the open calls of a batch. */
export async function endOpenLines(
  ledger: Ledger,
  id: string,
  end: (callId: string) => Promise<void>,
): Promise<number> {
  const open = (await ledger.batchLines({ id })).filter(({ state }) => state === 'intent');
  for (let at = 0; at < open.length; at += atOnce)
    await Promise.all(open.slice(at, at + atOnce).map(async ({ callId }) => await end(callId)));
  return open.length;
}
