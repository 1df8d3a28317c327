/** Waiting for a batch without holding a slot: each look is an attempt of its own. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AwaitBatchInput, BatchSeen } from '../../contracts/batch-messages.ts';
import { stillRunning } from '../boundary.ts';
import type { World } from '../ports/world.ts';

/** How often and how long the first look is repeated by itself: a batch of seconds costs no more than that. */
const quickLook = { everyMs: 100, forMs: 1_500 };
/** About this many progress reports for each batch: every report adds to the workflow's history. */
const words = 20;

/** Answers when the batch has ended, or is a twentieth further than the workflow knows; else it is asked again later. */
export async function awaitBatch(
  world: World,
  { spec, submitted, done }: AwaitBatchInput,
  attempt: number,
): Promise<BatchSeen> {
  const { batch, remote } = submitted;
  const endpoint = world.batches(spec);
  const news = done + Math.max(1, Math.ceil(batch.lines / words));
  const quickUntil = Date.now() + (attempt === 1 && done === 0 ? quickLook.forMs : 0);
  for (;;) {
    const seen = await endpoint.look(remote);
    if (seen.status !== 'running') return { ended: true, done: seen.done };
    if (seen.done >= news) return { ended: false, done: Math.min(seen.done, batch.lines) };
    if (Date.now() >= quickUntil)
      throw stillRunning(`The batch ${remote} is under way: ${seen.done} of ${batch.lines}.`);
    await pause(quickLook.everyMs);
  }
}
