/**
 * Sends the chunks of a round as slices through a sliding window. `drain` cancels the running slices: they start no
 * new call, let calls in flight settle and return what they did not send.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { SliceResult } from '../../contracts/activity-messages.ts';
import { failureOf } from '../blocking.ts';

export interface Window {
  /** Chunks with slots that were not sent yet. */
  pending: ArtifactRef[];
  drain: () => void;
}

export function openWindow(chunks: readonly ArtifactRef[]): Window {
  return { pending: [...chunks], drain: () => undefined };
}

/**
 * Returns when every chunk is sent, or when it was drained or `enough` with the rest in `window.pending`. Throws the first failure of a slice
 * after the others have drained.
 */
export async function sendThrough(
  window: Window,
  width: number,
  send: (chunk: ArtifactRef) => Promise<SliceResult>,
  onResult: (chunk: ArtifactRef, result: SliceResult) => void,
  enough: () => boolean,
): Promise<void> {
  const scope = new CancellationScope();
  let failure: unknown;
  window.drain = () => scope.cancel();
  const unfinished: ArtifactRef[] = [];

  async function lane(): Promise<void> {
    for (;;) {
      const chunk = scope.consideredCancelled || enough() ? undefined : window.pending.shift();
      if (chunk === undefined) return;
      try {
        const result = await send(chunk);
        onResult(chunk, result);
        if (result.unsent > 0) (scope.consideredCancelled ? unfinished : window.pending).push(chunk);
      } catch (error) {
        unfinished.push(chunk);
        // A slice that was asked to drain and whose worker died sends no more either; the ledger knows what it sent.
        const ended = isCancellation(error) || (scope.consideredCancelled && failureOf(error).type === 'WorkerLost');
        if (!ended) {
          failure ??= error;
          scope.cancel();
        }
        return;
      }
    }
  }

  await scope.run(async () => {
    await Promise.all(Array.from({ length: width }, lane));
  });
  window.pending.push(...unfinished);
  window.drain = () => undefined;
  if (failure !== undefined) throw failure;
}
