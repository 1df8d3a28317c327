/** Ends the open batches of a run: a batch that was never submitted is dropped, the others are cancelled at the endpoint. */
import { setTimeout as pause } from 'node:timers/promises';
import type { CancelBatchesInput, SubmittedBatch } from '../../contracts/batch-messages.ts';
import type { BatchRecord } from '../ports/batch-ledger.ts';
import type { World } from '../ports/world.ts';
import { dropBatch } from './drop-batch.ts';
import { mayBeCreating, remoteNameOf } from './submit.ts';

const pollMs = 500;

/** Returns the submitted batches. They still have to end and be settled. */
export async function cancelBatches(world: World, { spec }: CancelBatchesInput): Promise<SubmittedBatch[]> {
  const submitted: SubmittedBatch[] = [];
  for (const { id, lines, tokens } of await world.ledger.openBatches({ run: spec.name })) {
    const remote = await remoteNameOrNull(world, spec, id);
    if (remote === null) {
      await dropBatch(world.ledger, id, 'not_submitted');
      continue;
    }
    await world.batches(spec).cancel(remote);
    submitted.push({ batch: { id, lines, tokens }, remote });
  }
  return submitted;
}

/** The endpoint's name of a batch; null once no worker can create the batch any more. */
async function remoteNameOrNull(world: World, spec: CancelBatchesInput['spec'], id: string): Promise<string | null> {
  const { ledger } = world;
  for (;;) {
    const record: BatchRecord = await ledger.batch({ id });
    const remote = await remoteNameOf(world, world.batches(spec), record);
    if (remote !== null || record.state !== 'sealed') return remote;
    // Claiming the creation stops every other worker from creating the batch.
    if (!mayBeCreating(record) && (await ledger.tryBatch({ id, triedAt: record.triedAt }))) return null;
    await pause(pollMs);
  }
}
