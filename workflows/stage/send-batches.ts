/**
 * Sends a round by batch: what has no answer yet is gathered and sealed, submitted as the endpoint's queue has room,
 * waited for, settled; then what is missing is gathered again, until nothing is. The ledger knows what is under way, so
 * this keeps nothing that a new execution would need.
 */
import {
  ApplicationFailure,
  CancellationScope,
  allHandlersFinished,
  condition,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { BatchRef } from '../../contracts/batch-messages.ts';
import type { FailureType } from '../../domain/failures.ts';
import { carryBatches } from './carry-batches.ts';
import { StepSkipped, attempt } from '../blocking.ts';
import type { StageRun } from './stage-run.ts';
import { pin } from './stage-state.ts';

/** Chunks passed to one activity: a payload stays under 64 KiB. */
const chunksAtOnce = 100;
/** How long what another process has to end is waited for: another run's call, or room in the endpoint's queue. */
const backoff = { firstMs: 2_000, factor: 2, mostMs: 900_000 };
/** Batches in a row that found no room, about two hours, before a person is asked. */
const mostRefused = 16;

/** `restart` continues the stage as a new execution; it never returns. Throws `StepSkipped` and cancellations. */
export async function sendInBatches(run: StageRun, skip: string, restart: () => Promise<never>): Promise<void> {
  const { blockState, window, memory } = run;
  const waits = { ms: backoff.firstMs, refused: 0 };
  try {
    while (window.pending.length > 0) {
      const ended = await attempt(blockState, run.changed, async () => await onePass(run, waits), skip);
      if (ended) window.pending = [];
      else if (workflowInfo().continueAsNewSuggested) {
        memory.pending = window.pending;
        delete memory.batch;
        await condition(allHandlersFinished);
        await restart();
      }
    }
  } catch (error) {
    if (isCancellation(error) || error instanceof StepSkipped) await endBatches(run);
    throw error;
  } finally {
    delete memory.batch;
  }
}

/** True when every slot of the round has its answer, or will have none. */
async function onePass(run: StageRun, waits: { ms: number; refused: number }): Promise<boolean> {
  const { steps, window } = run;
  const left = await steps.batch.openBatches.executeWithOptions({ summary: 'batches under way' }, [about(run, [])]);
  if (left.length > 0) {
    await carryBatches(run, left);
    return false;
  }
  const { batches, waiting } = await gather(run, window.pending);
  if (batches.length === 0 && waiting === 0) return true;
  const { refused, settled } = batches.length === 0 ? { refused: 0, settled: 0 } : await carryBatches(run, batches);
  waits.refused = refused > 0 && settled === 0 ? waits.refused + 1 : 0;
  if (waits.refused >= mostRefused) throw noRoom(run);
  if (batches.length > 0 && waits.refused === 0) waits.ms = backoff.firstMs;
  else {
    await sleep(waits.ms, {
      summary: refused > 0 ? 'no room in the endpoint’s queue' : 'another run is on these calls',
    });
    waits.ms = Math.min(backoff.mostMs, waits.ms * backoff.factor);
  }
  return false;
}

async function gather(
  run: StageRun,
  chunks: readonly ArtifactRef[],
): Promise<{ batches: BatchRef[]; waiting: number }> {
  const { steps, memory } = run;
  const batches = new Map<string, BatchRef>();
  let waiting = 0;
  memory.done = 0;
  memory.domains = memory.domains.map((line) => ({ ...line, real: 0, synthetic: 0 }));
  for (let at = 0; at < chunks.length; at += chunksAtOnce) {
    const some = chunks.slice(at, at + chunksAtOnce);
    const slots = some.reduce((sum, { rows }) => sum + rows, 0);
    const summary = `gather the missing of ${slots} slots`;
    const gathered = await steps.batch.gatherBatches.executeWithOptions({ summary }, [about(run, some)]);
    for (const batch of gathered.batches) batches.set(batch.id, batch);
    waiting += gathered.waiting;
    memory.done += gathered.answered + gathered.empty;
    memory.budget = gathered.budget;
    pin(memory, gathered.ledger);
    const counted = new Map(gathered.domains.map((line) => [line.domain, line]));
    memory.domains = memory.domains.map((line) => {
      const more = counted.get(line.domain);
      return more === undefined
        ? line
        : { ...line, real: line.real + more.real, synthetic: line.synthetic + more.synthetic };
    });
    run.changed();
  }
  return { batches: [...batches.values()], waiting };
}

/** A run that ends, or goes on without the round, leaves nothing under way that it could still have settled. */
async function endBatches(run: StageRun): Promise<void> {
  const { steps, blockState } = run;
  const end = async (): Promise<void> => {
    const { run: signed, connected } = run.input;
    const summary = 'cancel the batches under way';
    const submitted = await steps.batch.cancelBatches.executeWithOptions({ summary }, [{ run: signed, connected }]);
    for (const one of submitted) {
      await steps.batchEnd.awaitBatch.executeWithOptions({ summary: `wait until ${one.remote} has ended` }, [
        { run: signed, connected, submitted: one, done: one.batch.lines },
      ]);
      const settled = await steps.batch.settleBatch.executeWithOptions({ summary: 'settle what it has done' }, [
        { run: signed, connected: run.input.connected, submitted: one, cancelled: true },
      ]);
      run.memory.budget = settled.budget;
      pin(run.memory, settled.ledger);
    }
  };
  await CancellationScope.nonCancellable(async () => {
    try {
      await attempt(blockState, run.changed, end, 'leave the batches under way; their calls stay charged');
    } catch (error) {
      if (!(error instanceof StepSkipped)) throw error;
    }
  });
}

function about(run: StageRun, chunks: ArtifactRef[]) {
  const { run: signed, connected, stage } = run.input;
  return { run: signed, connected, stage, round: run.memory.plans.length - 1, chunks };
}

function noRoom(run: StageRun): ApplicationFailure {
  const type: FailureType = 'BatchFailed';
  const limit = run.input.run.outline.teacher?.batch.maxTokens;
  const known = limit === undefined ? 'set its limit in teacher.batch.maxTokens' : `maxTokens is ${limit}`;
  return ApplicationFailure.nonRetryable(`The endpoint's queue has no room for a batch (${known}).`, type);
}
