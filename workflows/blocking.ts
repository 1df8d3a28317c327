/**
 * A step whose failure an operator can fix does not end the run. The run shows `blocked` and waits until it is resumed
 * (the step runs again) or the step is skipped, where the run can continue without it.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { Blocked } from '../contracts/progress.ts';
import type { Brought } from '../contracts/signed/signed-command.ts';
import { endsRun, isFailureType, remedyOf } from '../domain/failures.ts';
import type { Failure } from '../domain/failures.ts';

export interface BlockState {
  paused: boolean;
  blocked: Blocked | null;
  /** The blocked step was skipped. */
  skipped: boolean;
  /** What the last `resume` brought along. */
  brought: Brought;
  /** The last step failed because no key of the worker's made the signature: nothing may be written for this run. */
  notOurs: boolean;
}

/** Work that may run again; receives what the last `resume` brought along. */
export type Step<T> = (brought: Brought) => Promise<T>;

/** What giving a step up would mean. */
export type Skip = string | null | (() => string | null);

/** Thrown by a step that was blocked and that a person chose to go on without. */
export class StepSkipped extends Error {}

export function openBlockState(): BlockState {
  return { paused: false, blocked: null, skipped: false, brought: {}, notOurs: false };
}

/**
 * Runs a step, not while paused; blocks on a failure that an operator can fix and tries again after `release`. `skip` says
 * the effect of skipping the step, null where it cannot be skipped; asked when the step is blocked. Throws
 * `StepSkipped` when it was. A step that was asked to end and whose worker died is not given to another one: it ended.
 */
export async function attempt<T>(
  blockState: BlockState,
  changed: () => void,
  step: Step<T>,
  skip: Skip = null,
): Promise<T> {
  for (;;) {
    await condition(() => !blockState.paused);
    try {
      const done = await step(blockState.brought);
      blockState.notOurs = false;
      return done;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(error);
      blockState.notOurs = failure.type === 'NotOurs';
      if (failure.type === 'WorkerLost' && CancellationScope.current().consideredCancelled)
        throw new CancelledFailure(failure.message);
      if (endsRun(failure.type)) throw error;
      const blocked: Blocked = {
        ...failure,
        remedy: remedyOf(failure.type),
        skip: typeof skip === 'function' ? skip() : skip,
      };
      blockState.blocked = blocked;
      changed();
      try {
        await condition(() => blockState.blocked === null);
      } finally {
        // Cancelled while blocked: clear the block.
        if (blockState.blocked === blocked) blockState.blocked = null;
        changed();
      }
      if (!blockState.skipped) continue;
      blockState.skipped = false;
      throw new StepSkipped(failure.message);
    }
  }
}

/** A resume: ends a pause and lets a blocked step try again. */
export function release(blockState: BlockState, brought: Brought): void {
  blockState.brought = brought;
  blockState.paused = false;
  blockState.blocked = null;
}

/** Skips the blocked step; does nothing where none is blocked or it cannot be skipped. */
export function giveUp(blockState: BlockState): void {
  if (blockState.blocked === null || blockState.blocked.skip === null) return;
  blockState.skipped = true;
  blockState.blocked = null;
}

/** The failure behind whatever an activity threw: its own type where it has one, a lost worker for a timeout. */
export function failureOf(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isFailureType(cause.type)) {
    return { type: cause.type, message: cause.message };
  }
  if (error instanceof ActivityFailure && !(cause instanceof ApplicationFailure)) {
    return {
      type: 'WorkerLost',
      message: `The step ${error.activityType} was cancelled: ${cause instanceof Error ? cause.message : 'no answer'}.`,
    };
  }
  return { type: 'Unexpected', message: cause instanceof Error ? cause.message : String(cause) };
}
