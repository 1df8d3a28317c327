/** Follows a run to its end, through restarts of everything it runs on. */
import { setTimeout as wait } from 'node:timers/promises';
import { QueryNotRegisteredError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { CancelledFailure, rootCause, TerminatedFailure } from '@temporalio/common';
import { RunResult } from '../contracts/progress.ts';
import type { Blocked, Progress, StageProgress } from '../contracts/progress.ts';
import { progressOfRun, progressOfStage } from '../workflows/messages.ts';
import { ServicesEnded } from '../workers/services/ensure.ts';
import type { Engine } from './engine.ts';

export interface Snapshot {
  readonly run: Progress;
  /** The stage that is going on; null between stages. */
  readonly stage: StageProgress | null;
}

export type Ending =
  | { readonly kind: 'result'; readonly result: RunResult }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'down' }
  /** No worker of this version can follow its history: it was started by another. */
  | { readonly kind: 'wedged' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'blocked'; readonly blocked: Blocked };

export interface Following {
  readonly onSnapshot: (snapshot: Snapshot) => void;
  /** Something does not answer; told once until it answers again. */
  readonly onTrouble: (line: string) => void;
  readonly signal: AbortSignal;
}

const pollMs = 250;
const healMs = 2000;

/** Resolves to how the run ended, or to undefined once the signal is aborted. */
export async function follow(engine: Engine, run: string, following: Following): Promise<Ending | undefined> {
  const { signal } = following;
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const keeping = keepAlive(engine, stop);
  try {
    return await Promise.race([
      aborted,
      untilClosed(engine.client, run, stop),
      untilBlocked(engine, run, following, stop),
      keeping.then((ending) => ending ?? never()),
    ]);
  } finally {
    over.abort();
    // A service that is being started is recorded first: nobody would find it otherwise.
    await keeping.catch(() => undefined);
  }
}

/** Shows snapshots until one is blocked. After `stop` it never resolves: what stopped it has the word. */
async function untilBlocked(engine: Engine, run: string, following: Following, stop: AbortSignal): Promise<Ending> {
  const ask = troubleshooter(following);
  while (!stop.aborted) {
    const snapshot = await ask(() => snapshotOf(engine.client, run));
    if (stop.aborted) break;
    if (snapshot === 'wedged') return { kind: 'wedged' };
    if (snapshot !== undefined) following.onSnapshot(snapshot);
    const blocked = snapshot?.run.status === 'blocked' ? snapshot.run.blocked : null;
    if (blocked !== null) return { kind: 'blocked', blocked };
    await pause(pollMs, stop);
  }
  return await never();
}

/** Starts again whatever dies while somebody watches. Gives up when that fails again and again, or on `down`. */
async function keepAlive(engine: Engine, stop: AbortSignal): Promise<Ending | undefined> {
  let failures = 0;
  while (!stop.aborted) {
    try {
      await engine.heal();
      failures = 0;
    } catch (error) {
      if (error instanceof ServicesEnded) return { kind: 'down' };
      failures += 1;
      if (failures >= 3 && !stop.aborted) throw error;
    }
    await pause(healMs, stop);
  }
  return undefined;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  // Woken early by the signal, which the caller looks at next.
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** One look at a run and its stage. Throws what the client throws. */
export async function snapshotOf(client: Client, run: string): Promise<Snapshot> {
  return await client.withDeadline(Date.now() + 5000, async () => {
    const progress = await client.workflow.getHandle(run).query(progressOfRun);
    if (progress.stage === null) return { run: progress, stage: null };
    const stage = client.workflow.getHandle(`${run}/stage-${progress.stage}`);
    // Just started, just over, or still of a worker that is gone: the parent's word is enough for now.
    const details = await stage.query(progressOfStage).catch(() => null);
    return { run: progress, stage: details };
  });
}

/** Tries something; tells once when it keeps failing, and once when it works again. */
function troubleshooter({ onTrouble }: Following) {
  let failures = 0;
  return async <T>(work: () => Promise<T>): Promise<T | 'wedged' | undefined> => {
    try {
      const value = await work();
      if (failures >= 2) onTrouble('the run answers again');
      failures = 0;
      return value;
    } catch (error) {
      // At its very end a run is closed before its result is read.
      if (error instanceof WorkflowNotFoundError) return undefined;
      // The worker's own word that its code decides otherwise than the history says (rule code of the SDK).
      if (error instanceof QueryNotRegisteredError && error.message.includes('[TMPRL1100]')) return 'wedged';
      failures += 1;
      if (failures === 2) onTrouble('the run does not answer; nothing of it is lost, trying again');
      return undefined;
    }
  };
}

async function untilClosed(client: Client, run: string, signal: AbortSignal): Promise<Ending> {
  while (!signal.aborted) {
    try {
      const answer: unknown = await client.withAbortSignal(signal, () => client.workflow.getHandle(run).result());
      const result = RunResult.safeParse(answer);
      if (!result.success) return { kind: 'failed', message: 'The run ended with a result of another version.' };
      return { kind: 'result', result: result.data };
    } catch (error) {
      if (error instanceof WorkflowFailedError) return endingOf(error);
      if (error instanceof WorkflowNotFoundError) throw error;
      // The server is gone or going: ask again, the caller says so.
      await pause(500, signal);
    }
  }
  return await never();
}

function endingOf(error: WorkflowFailedError): Ending {
  if (error.cause instanceof CancelledFailure) return { kind: 'stopped' };
  if (error.cause instanceof TerminatedFailure) return { kind: 'failed', message: 'The run was terminated.' };
  return { kind: 'failed', message: rootCause(error.cause) ?? error.message };
}
