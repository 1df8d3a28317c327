/**
 * The boundary between activities and the engine: heartbeats for liveness, and every failure mapped once to a typed,
 * non-retryable `ApplicationFailure` with a sentence for people. What is left for Temporal to retry is a lost worker.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { longestMessage } from '../contracts/payload-limits.ts';
import { BaldistillError } from '../domain/failures.ts';
import type { FailureType } from '../domain/failures.ts';

/** A cancel reaches an activity only with a heartbeat, and `pause` must act within a second. */
const heartbeatMs = 200;

/** Wraps an activity: it heartbeats while it runs and throws only what the workflows know. */
export function guarded<Input extends unknown[], Output>(
  work: (...input: Input) => Promise<Output>,
): (...input: Input) => Promise<Output> {
  return async (...input) => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), heartbeatMs);
    try {
      return await work(...input);
    } catch (error) {
      throw asFailure(error);
    } finally {
      clearInterval(beat);
    }
  };
}

/** Thrown by an activity that has to be asked again later; shown as no failure in logs and metrics. */
export function stillRunning(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'StillRunning', category: ApplicationFailureCategory.BENIGN });
}

/** Thrown by an activity that its worker's end broke off: the next worker does it again. */
export function workerLeaves(message: string): ApplicationFailure {
  const type: FailureType = 'WorkerLost';
  return ApplicationFailure.create({ message, type, category: ApplicationFailureCategory.BENIGN });
}

function asFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof BaldistillError) {
    return ApplicationFailure.create({ type: error.type, message: within(error.message), nonRetryable: true });
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return ApplicationFailure.create({
    type: 'Unexpected',
    message: within(message, longestUnexpected),
    nonRetryable: true,
    ...(error instanceof Error ? { cause: causeOf(error) } : {}),
  });
}

const longestUnexpected = 2000;

/** Truncated, with half a character replaced: a cut may leave one, and an endpoint may send one. */
function within(text: string, most = longestMessage): string {
  return (text.length <= most ? text : `${text.slice(0, most - 1)}…`).toWellFormed();
}

/** The error without its own causes, its message and stack as long as a person reads them. */
function causeOf({ name, message, stack }: Error): Error {
  const cause = new Error(within(message, longestUnexpected));
  cause.name = within(name, 100);
  cause.stack = within(stack ?? '', 2 * longestUnexpected);
  return cause;
}
