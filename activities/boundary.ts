/**
 * The boundary between activities and Temporal: sends heartbeats and maps every failure to a typed, non-retryable
 * `ApplicationFailure`. Temporal itself retries only activities of lost workers.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { longestMessage } from '../contracts/payload-limits.ts';
import { BaldistillError } from '../domain/failures.ts';
import type { FailureType } from '../domain/failures.ts';

/** A cancellation reaches an activity only with a heartbeat, and `pause` must take effect within a second. */
const heartbeatMs = 200;

/** Wraps an activity: it sends heartbeats while it runs and throws only failures that the workflows know. */
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

/** Thrown by an activity that Temporal should retry later. Benign: it does not count as a failure in logs and metrics. */
export function stillRunning(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message, type: 'StillRunning', category: ApplicationFailureCategory.BENIGN });
}

/** Thrown by an activity that its worker's shutdown interrupted; the next worker repeats it. */
export function workerLeaves(message: string): ApplicationFailure {
  const type: FailureType = 'WorkerLost';
  return ApplicationFailure.create({ message, type, category: ApplicationFailureCategory.BENIGN });
}

function asFailure(error: unknown): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof BaldistillError) {
    return ApplicationFailure.create({ type: error.type, message: truncated(error.message), nonRetryable: true });
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return ApplicationFailure.create({
    type: 'Unexpected',
    message: truncated(message, longestUnexpected),
    nonRetryable: true,
    ...(error instanceof Error ? { cause: causeOf(error) } : {}),
  });
}

const longestUnexpected = 2000;

/** Truncates a text and replaces lone surrogates, which truncation may leave and an endpoint may send. */
function truncated(text: string, most = longestMessage): string {
  return (text.length <= most ? text : `${text.slice(0, most - 1)}…`).toWellFormed();
}

/** The error without its own causes, with message and stack truncated. */
function causeOf({ name, message, stack }: Error): Error {
  const cause = new Error(truncated(message, longestUnexpected));
  cause.name = truncated(name, 100);
  cause.stack = truncated(stack ?? '', 2 * longestUnexpected);
  return cause;
}
