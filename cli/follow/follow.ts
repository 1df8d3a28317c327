/** Follows a run or a comparison to its end, through restarts of everything it runs on. */
import { setTimeout as wait } from 'node:timers/promises';
import { QueryNotRegisteredError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { CancelledFailure, rootCause, TerminatedFailure } from '@temporalio/common';
import type { z } from 'zod';
import type { FlowSnapshot } from '../../contracts/flow/flow.ts';
import { RunResult } from '../../contracts/progress.ts';
import type { Blocked, Progress, StageProgress } from '../../contracts/progress.ts';
import { progressOfRun, progressOfStage } from '../../workflows/messages.ts';
import { ServicesEnded } from '../../workers/services/ensure.ts';
import type { Engine } from '../engine.ts';
import { flowNow } from './current-flow.ts';

export interface Snapshot {
  readonly run: Progress;
  /** The stage that is going on; null between stages. */
  readonly stage: StageProgress | null;
  /** The flow of calls now, from the workers themselves; null where none of them is at it. */
  readonly flow: FlowSnapshot | null;
}

export type EndingOf<R, B> =
  | { readonly kind: 'result'; readonly result: R }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'down' }
  /** No worker of this version can follow its history: it was started by another. */
  | { readonly kind: 'wedged' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'blocked'; readonly blocked: B };
export type Ending = EndingOf<RunResult, Blocked>;

/** A workflow that is followed: a run or a comparison. */
export interface Followed<S, R, B> {
  /** The workflow's id. */
  readonly id: string;
  /** One look; throws what the client throws. */
  readonly look: (client: Client) => Promise<S>;
  /** What blocks it; null where nothing does. */
  readonly blockedBy: (snapshot: S) => B | null;
  readonly result: z.ZodType<R>;
}

export interface Following<S = Snapshot> {
  readonly onSnapshot: (snapshot: S) => void;
  /** Something does not answer; reported once until it answers again. */
  readonly onTrouble: (line: string) => void;
  readonly signal: AbortSignal;
}

const pollMs = 250;
const healMs = 2000;

/** `home`: where its workers say what they are at. */
export function followedRun(home: string, run: string): Followed<Snapshot, RunResult, Blocked> {
  return {
    id: run,
    look: async (client) => await snapshotOf(client, run, home),
    blockedBy: (snapshot) => (snapshot.run.status === 'blocked' ? snapshot.run.blocked : null),
    result: RunResult,
  };
}

/** Resolves to how it ended, or to undefined once the signal is aborted. */
export async function follow<S, R, B>(
  engine: Pick<Engine, 'client' | 'heal'>,
  followed: Followed<S, R, B>,
  following: Following<S>,
): Promise<EndingOf<R, B> | undefined> {
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
      untilClosed(engine.client, followed, stop),
      untilBlocked(engine, followed, following, stop),
      keeping.then((ending) => ending ?? never()),
    ]);
  } finally {
    over.abort();
    // A service that is being started is recorded first, so that others find it.
    await keeping.catch(() => undefined);
  }
}

/** Shows snapshots until one is blocked. After `stop` it never resolves: the caller that stopped it reports. */
async function untilBlocked<S, R, B>(
  { client }: Pick<Engine, 'client'>,
  { look, blockedBy }: Followed<S, R, B>,
  following: Following<S>,
  stop: AbortSignal,
): Promise<EndingOf<R, B>> {
  const ask = troubleshooter(following);
  while (!stop.aborted) {
    const snapshot = await ask(() => look(client));
    if (stop.aborted) break;
    if (snapshot === 'wedged') return { kind: 'wedged' };
    if (snapshot !== undefined) following.onSnapshot(snapshot);
    const blocked = snapshot === undefined ? null : blockedBy(snapshot);
    if (blocked !== null) return { kind: 'blocked', blocked };
    await pause(pollMs, stop);
  }
  return await never();
}

/** Restarts services that die while a command follows a run. Gives up when that fails again and again, or on `down`. */
async function keepAlive(
  engine: Pick<Engine, 'heal'>,
  stop: AbortSignal,
): Promise<{ readonly kind: 'down' } | undefined> {
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

/** One look at a run and its stage, and with `home` at the workers there. Throws what the client throws. */
export async function snapshotOf(client: Client, run: string, home?: string): Promise<Snapshot> {
  return await client.withDeadline(Date.now() + 5000, async () => {
    const progress = await client.workflow.getHandle(run).query(progressOfRun);
    if (progress.stage === null) return { run: progress, stage: null, flow: null };
    const stage = client.workflow.getHandle(`${run}/stage-${progress.stage}`);
    // Just started, just over, or still of a worker that is gone: the parent's word is enough for now.
    const details = await stage.query(progressOfStage).catch(() => null);
    return { run: progress, stage: details, flow: home === undefined ? null : flowNow(home, run) };
  });
}

/** Tries something; reports once when it keeps failing, and once when it works again. */
function troubleshooter<S>({ onTrouble }: Following<S>) {
  let failures = 0;
  return async <T>(work: () => Promise<T>): Promise<T | 'wedged' | undefined> => {
    try {
      const value = await work();
      if (failures >= 2) onTrouble('it answers again');
      failures = 0;
      return value;
    } catch (error) {
      // At its very end a run is closed before its result is read.
      if (error instanceof WorkflowNotFoundError) return undefined;
      // The worker's own word that its code decides otherwise than the history says (rule code of the SDK).
      if (error instanceof QueryNotRegisteredError && error.message.includes('[TMPRL1100]')) return 'wedged';
      failures += 1;
      if (failures === 2) onTrouble('it does not answer; nothing of it is lost, trying again');
      return undefined;
    }
  };
}

async function untilClosed<S, R, B>(
  client: Client,
  { id, result: schema }: Followed<S, R, B>,
  signal: AbortSignal,
): Promise<EndingOf<R, B>> {
  while (!signal.aborted) {
    try {
      const answer: unknown = await client
        .withAbortSignal(signal, () => client.workflow.getHandle(id).result())
        .catch(failed);
      if (answer instanceof WorkflowFailedError) {
        if (answer.cause instanceof TerminatedFailure && (await hasSuccessor(client, id))) continue;
        return endingOf(answer);
      }
      const result = schema.safeParse(answer);
      if (!result.success) return { kind: 'failed', message: 'It ended with a result of another version.' };
      return { kind: 'result', result: result.data };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw error;
      // The server is gone: retry, the caller reports it.
      await pause(500, signal);
    }
  }
  return await never();
}

/** A workflow's failure is an answer; every other error is retried. */
function failed(error: unknown): WorkflowFailedError {
  if (error instanceof WorkflowFailedError) return error;
  throw error;
}

/** A reset terminates an execution and starts another under the same id in one step; that one is followed then. */
async function hasSuccessor(client: Client, id: string): Promise<boolean> {
  const { status } = await client.workflow.getHandle(id).describe();
  return status.name !== 'TERMINATED';
}

function endingOf(error: WorkflowFailedError): EndingOf<never, never> {
  if (error.cause instanceof CancelledFailure) return { kind: 'stopped' };
  if (error.cause instanceof TerminatedFailure) return { kind: 'failed', message: 'It was terminated.' };
  return { kind: 'failed', message: rootCause(error.cause) ?? error.message };
}
