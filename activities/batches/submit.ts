/**
 * Submits a sealed batch exactly once, also across crashes. A worker records its attempt in the ledger first. A worker
 * that finds an earlier attempt searches the endpoint for the batch by its key, until the attempt must have arrived or
 * timed out.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SubmitInput, SubmittedBatch } from '../../contracts/batch-messages.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { workerLeaves } from '../boundary.ts';
import type { BatchRecord } from '../ports/batch-ledger.ts';
import type { BatchEndpoint } from '../ports/batch-endpoint.ts';
import type { World } from '../ports/world.ts';

/** After this time a creation request is over: the client aborts it after 30 s. */
const creationTimeoutMs = 45_000;
const pollMs = 500;
/** Creations with an unknown outcome before the run is blocked. */
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
    const remote = await remoteNameOf(world, endpoint, record);
    if (remote !== null) return { batch, remote };
    if (mayBeCreating(record)) {
      await pause(pollMs);
      continue;
    }
    if (record.state !== 'sealed' || record.file === null)
      throw new Error(`The batch ${batch.id} is ${record.state}: there is nothing to submit.`);
    file ??= await endpoint.upload(artifacts.localPath(record.file));
    // Another worker claimed the creation first: search again.
    if (!(await ledger.tryBatch({ id: batch.id, triedAt: record.triedAt }))) continue;
    const created = await endpoint.create(batch.id, file);
    if (created.kind === 'created') {
      await ledger.recordBatch({ id: batch.id, remote: created.remote });
      return { batch, remote: created.remote };
    }
    why = created.why;
    uncertain += 1;
  }
  throw new BaldistillError('EndpointDown', `The batch could not be created: ${why ?? ''}`);
}

/** Whether a creation request may still be open. */
export function mayBeCreating({ triedAt }: BatchRecord): boolean {
  return triedAt !== null && Date.now() - triedAt < creationTimeoutMs;
}

/** The endpoint's name of a batch: from the ledger, else found at the endpoint by its key. */
export async function remoteNameOf(
  { ledger }: World,
  endpoint: BatchEndpoint,
  record: BatchRecord,
): Promise<string | null> {
  if (record.remote !== null || record.state !== 'sealed') return record.remote;
  const found = await endpoint.find(record.id, record.openedAt);
  if (found !== null) await ledger.recordBatch({ id: record.id, remote: found });
  return found;
}
