/**
 * Submits a sealed batch, once, whatever crashes: whoever tries says so in the ledger first, and whoever finds that it
 * was tried looks for it at the endpoint, under the key it carries, until it must have arrived or never will.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SubmitInput, SubmittedBatch } from '../../contracts/batch-messages.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { workerLeaves } from '../boundary.ts';
import type { BatchRecord } from '../ports/batch-ledger.ts';
import type { BatchEndpoint } from '../ports/batch-endpoint.ts';
import type { World } from '../ports/world.ts';

/** A creation that was tried so long ago is not under way any more: the client gives it up after 30 s. */
const arrivedAfterMs = 45_000;
const lookAgainMs = 500;
/** Creations with an unknown end, each looked for in vain, before a person is asked. */
const mostUncertain = 3;

export async function submitBatch(
  world: World,
  { spec, batch }: SubmitInput,
  cancelled: AbortSignal,
): Promise<SubmittedBatch> {
  const { ledger, artifacts } = world;
  const endpoint = world.batches(spec);
  let file: string | undefined;
  let why: string | undefined;
  for (let uncertain = 0; uncertain < mostUncertain;) {
    if (world.draining.aborted) throw workerLeaves('The worker ended before the batch was submitted.');
    cancelled.throwIfAborted();
    const record = await ledger.batch({ id: batch.id });
    const remote = await known(world, endpoint, record);
    if (remote !== null) return { batch, remote };
    if (isUnderWay(record)) {
      await pause(lookAgainMs);
      continue;
    }
    if (record.state !== 'sealed' || record.file === null)
      throw new Error(`The batch ${batch.id} is ${record.state}: there is nothing to submit.`);
    file ??= await endpoint.upload(artifacts.localPath(record.file));
    // Another worker may be creating it: look for it again.
    if (!(await ledger.tryBatch({ id: batch.id, triedAt: record.triedAt }))) continue;
    const created = await endpoint.create(batch.id, file);
    if (created.kind === 'created') {
      await ledger.recordBatch({ id: batch.id, remote: created.remote });
      return { batch, remote: created.remote };
    }
    why = created.why;
    uncertain += 1;
  }
  throw new BaldistillError('EndpointDown', `The batch could not be created, and is not there: ${why ?? ''}`);
}

/** Whether another worker may be creating it now. */
export function isUnderWay({ triedAt }: BatchRecord): boolean {
  return triedAt !== null && Date.now() - triedAt < arrivedAfterMs;
}

/** The endpoint's name of a batch: from the ledger, else found there by its key. */
export async function known({ ledger }: World, endpoint: BatchEndpoint, record: BatchRecord): Promise<string | null> {
  if (record.remote !== null || record.state !== 'sealed') return record.remote;
  const found = await endpoint.find(record.id, record.openedAt);
  if (found !== null) await ledger.recordBatch({ id: record.id, remote: found });
  return found;
}
