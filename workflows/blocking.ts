/**
 * Parking: a step that fails in a way a person can mend does not end the run. It waits, shown as `blocked`, until
 * somebody resumes it, and is then tried again; or skips it, where the rest can go on without (DESIGN section 3;
 * reference: house rule 9).
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
import { failures, isFailureType, remedyOf } from '../domain/failures.ts';
import type { Failure } from '../domain/failures.ts';

export interface Parking {
  paused: boolean;
  blocked: Blocked | null;
  /** The parked step was given up. */
  skipped: boolean;
  /** What the last `resume` brought along. */
  brought: Brought;
  /** The last step failed because no key of the worker's made the signature: nothing may be written for this run. */
  notOurs: boolean;
}

/** A piece of work that may be tried again; told what the last `resume` brought along. */
export type Step<T> = (brought: Brought) => Promise<T>;

/** What giving a step up would mean. */
export type Skip = string | null | (() => string | null);

/** Thrown by a step that was blocked and that a person chose to go on without. */
export class StepSkipped extends Error {}

export function openParking(): Parking {
  return { paused: false, blocked: null, skipped: false, brought: {}, notOurs: false };
}

/**
 * Runs a step, not while paused; parks on a failure that can be mended and tries again after `release`. `skip` says
 * what giving the step up would mean, null where it cannot be given up; asked when the step is parked. Throws
 * `StepSkipped` when it was. A step that was asked to end and whose worker died is not given to another one: it ended.
 */
export async function attempt<T>(parking: Parking, changed: () => void, step: Step<T>, skip: Skip = null): Promise<T> {
  for (;;) {
    await condition(() => !parking.paused);
    try {
      const done = await step(parking.brought);
      parking.notOurs = false;
      return done;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const failure = failureOf(error);
      parking.notOurs = failure.type === 'NotOurs';
      if (failure.type === 'WorkerLost' && CancellationScope.current().consideredCancelled)
        throw new CancelledFailure(failure.message);
      if (failures[failure.type].retry === 'final') throw error;
      const blocked: Blocked = {
        ...failure,
        remedy: remedyOf(failure.type),
        skip: typeof skip === 'function' ? skip() : skip,
      };
      parking.blocked = blocked;
      changed();
      try {
        await condition(() => parking.blocked === null);
      } finally {
        // A wait that was cancelled has nobody to wait for: what follows is not blocked by it.
        if (parking.blocked === blocked) parking.blocked = null;
        changed();
      }
      if (!parking.skipped) continue;
      parking.skipped = false;
      throw new StepSkipped(failure.message);
    }
  }
}

/** A resume: ends a pause and lets a parked step try again. */
export function release(parking: Parking, brought: Brought): void {
  parking.brought = brought;
  parking.paused = false;
  parking.blocked = null;
}

/** A skip: gives up the parked step; does nothing where none is parked or it cannot be given up. */
export function giveUp(parking: Parking): void {
  if (parking.blocked === null || parking.blocked.skip === null) return;
  parking.skipped = true;
  parking.blocked = null;
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
      message: `The step ${error.activityType} was given up: ${cause instanceof Error ? cause.message : 'no answer'}.`,
    };
  }
  return { type: 'Unexpected', message: cause instanceof Error ? cause.message : String(cause) };
}
