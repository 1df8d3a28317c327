/** Ends what a run has under way: what was never submitted is given back, the rest is cancelled at the endpoint. */
import { setTimeout as pause } from 'node:timers/promises';
import type { CancelBatchesInput, SubmittedBatch } from '../../contracts/batch-messages.ts';
import type { BatchRecord } from '../ports/batch-ledger.ts';
import type { World } from '../ports/world.ts';
import { dropBatch } from './drop-batch.ts';
import { isUnderWay, known } from './submit.ts';

const lookAgainMs = 500;

/** The batches whose end, and whose finished lines, are still to come. */
export async function cancelBatches(world: World, { spec }: CancelBatchesInput): Promise<SubmittedBatch[]> {
  const submitted: SubmittedBatch[] = [];
  for (const { id, lines, tokens } of await world.ledger.openBatches({ run: spec.name })) {
    const remote = await submittedAs(world, spec, id);
    if (remote === null) {
      await dropBatch(world.ledger, id, 'not_submitted');
      continue;
    }
    await world.batches(spec).cancel(remote);
    submitted.push({ batch: { id, lines, tokens }, remote });
  }
  return submitted;
}

/** Null once no worker can create it any more. */
async function submittedAs(world: World, spec: CancelBatchesInput['spec'], id: string): Promise<string | null> {
  const { ledger } = world;
  for (;;) {
    const record: BatchRecord = await ledger.batch({ id });
    const remote = await known(world, world.batches(spec), record);
    if (remote !== null || record.state !== 'sealed') return remote;
    // To try it is to keep everybody else from it; this one will not create it.
    if (!isUnderWay(record) && (await ledger.tryBatch({ id, triedAt: record.triedAt }))) return null;
    await pause(lookAgainMs);
  }
}
