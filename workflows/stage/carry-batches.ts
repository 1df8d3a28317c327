/** Carries batches from submission to settlement, as many at a time as the endpoint's queue has room for. */
import { CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { BatchRef } from '../../contracts/batch-messages.ts';
import { mostCarried } from '../../contracts/payload-limits.ts';
import type { StageRun } from './stage-run.ts';
import { pin } from './stage-state.ts';

export interface Carried {
  /** Batches that ended and were settled, and those of them that the endpoint had no room for. */
  readonly settled: number;
  readonly refused: number;
}

/**
 * A pause submits no further batch and lets the others run on. The first failure is thrown once all batches have stopped;
 * what it leaves under way is found again. Returns early where a new execution has to go on.
 */
export async function carryBatches(run: StageRun, batches: readonly BatchRef[]): Promise<Carried> {
  const { memory, blockState, input } = run;
  const queue = input.run.outline.teacher?.batch.maxTokens ?? Infinity;
  const scope = new CancellationScope();
  const underWay = new Map<string, { tokens: number; done: number }>();
  const lanes: Promise<void>[] = [];
  let failure: unknown;
  let settled = 0;
  let refused = 0;

  function changed(): void {
    const all = [...underWay.values()];
    const answered = all.reduce((sum, { done }) => sum + done, 0);
    const lines = batches.reduce((sum, batch) => sum + (underWay.has(batch.id) ? batch.lines : 0), 0);
    memory.batch = { batches: batches.length, ended: settled + refused, lines, answered };
    run.changed();
  }

  function hasRoom({ tokens }: BatchRef): boolean {
    const enqueued = [...underWay.values()].reduce((sum, one) => sum + one.tokens, 0);
    return underWay.size === 0 || (underWay.size < mostCarried && enqueued + tokens <= queue);
  }

  async function lane(batch: BatchRef, number: number): Promise<void> {
    const seen = { tokens: batch.tokens, done: 0 };
    underWay.set(batch.id, seen);
    changed();
    try {
      const end = await carry(run, batch, {
        name: `batch ${number} of ${batches.length}`,
        progressed(done) {
          seen.done = done;
          changed();
        },
      });
      if (end === 'settled') settled += 1;
      if (end === 'refused') refused += 1;
    } catch (error) {
      if (!isCancellation(error)) failure ??= error;
      scope.cancel();
    } finally {
      underWay.delete(batch.id);
      changed();
    }
  }

  try {
    await scope.run(async () => {
      for (const [index, batch] of batches.entries()) {
        await condition(() => !blockState.paused && hasRoom(batch));
        if (workflowInfo().continueAsNewSuggested) break;
        lanes.push(lane(batch, index + 1));
      }
      await Promise.all(lanes);
    });
  } catch (error) {
    if (!isCancellation(error)) failure ??= error;
  }
  await Promise.all(lanes);
  if (failure !== undefined) throw failure;
  // Cancelled from outside: then the caller is cancelled too.
  if (scope.consideredCancelled) await CancellationScope.current().cancelRequested;
  return { settled, refused };
}

interface Listener {
  readonly name: string;
  readonly progressed: (done: number) => void;
}

/** One batch. `left`: under way, for the next execution. */
async function carry(
  run: StageRun,
  batch: BatchRef,
  { name, progressed }: Listener,
): Promise<'settled' | 'refused' | 'left'> {
  const { steps, memory } = run;
  const about = () => ({ run: run.input.run, connected: run.input.connected });
  const submitted = await steps.batch.submitBatch.executeWithOptions(
    { summary: `submit ${name} · ${figure(batch.lines)} calls` },
    [{ ...about(), batch }],
  );
  for (let done = 0; ;) {
    if (workflowInfo().continueAsNewSuggested) return 'left';
    const seen = await steps.batchEnd.awaitBatch.executeWithOptions(
      { summary: `${name} · ${figure(done)} of ${figure(batch.lines)} answered` },
      [{ ...about(), submitted, done }],
    );
    done = seen.done;
    progressed(done);
    if (seen.ended) break;
  }
  const result = await steps.batch.settleBatch.executeWithOptions({ summary: `settle ${name}` }, [
    { ...about(), submitted, cancelled: false },
  ]);
  memory.done += result.answered;
  memory.budget = result.budget;
  pin(memory, result.ledger);
  return result.full ? 'refused' : 'settled';
}

/** `1,400`: the same in every locale, as histories have to be. */
function figure(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}
