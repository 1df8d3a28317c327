/** Waits for a batch without holding a worker slot: each status check is one attempt of the activity. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AwaitBatchInput, BatchSeen } from '../../contracts/batch-messages.ts';
import { stillRunning } from '../boundary.ts';
import type { World } from '../ports/world.ts';

/** The first attempt polls for a short time, so that a batch of a few seconds needs no second attempt. */
const firstPoll = { everyMs: 100, forMs: 1_500 };
/** Progress reports per batch, at most: each one adds to the workflow's history. */
const progressReports = 20;

/** Returns when the batch has ended or a twentieth more lines are done; until then it throws a retryable failure. */
export async function awaitBatch(
  world: World,
  { spec, submitted, done }: AwaitBatchInput,
  attempt: number,
): Promise<BatchSeen> {
  const { batch, remote } = submitted;
  const endpoint = world.batches(spec);
  const nextReport = done + Math.max(1, Math.ceil(batch.lines / progressReports));
  const pollUntil = Date.now() + (attempt === 1 && done === 0 ? firstPoll.forMs : 0);
  for (;;) {
    const state = await endpoint.status(remote);
    if (state.status !== 'running') return { ended: true, done: state.done };
    if (state.done >= nextReport) return { ended: false, done: Math.min(state.done, batch.lines) };
    if (Date.now() >= pollUntil)
      throw stillRunning(`The batch ${remote} is running: ${state.done} of ${batch.lines} lines are done.`);
    await pause(firstPoll.everyMs);
  }
}
