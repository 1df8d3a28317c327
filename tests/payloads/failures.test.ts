/** A failure crosses into the engine short and well-formed, whatever an endpoint put into its message. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { guarded } from '../../activities/boundary.ts';
import { longestMessage } from '../../contracts/payload-limits.ts';
import { BaldistillError } from '../../domain/failures.ts';

async function failureOf(thrown: () => never): Promise<ApplicationFailure> {
  const work = guarded(() => Promise.resolve().then(thrown));
  const failure: unknown = await new MockActivityEnvironment().run(work).catch((error: unknown) => error);
  if (!(failure instanceof ApplicationFailure))
    throw new Error('an ApplicationFailure was expected', { cause: failure });
  return failure;
}

test('a message that quotes five megabytes is truncated, and its type stays', async () => {
  const failure = await failureOf(() => {
    throw new BaldistillError('RequestRejected', `The endpoint answered 400: ${'x'.repeat(5_000_000)}`);
  });
  expect(failure.type).toBe('RequestRejected');
  expect(failure.message).toHaveLength(longestMessage);
  expect(failure.message).toMatch(/^The endpoint answered 400: x+…$/);
});

test('half a character is replaced', async () => {
  const failure = await failureOf(() => {
    throw new BaldistillError('RequestRejected', `x${'😀'.repeat(200)}`.slice(0, 100));
  });
  expect(failure.message.isWellFormed()).toBe(true);
});

test('an unexpected error brings its cause along, as much of it as a person reads', async () => {
  const failure = await failureOf(() => {
    z.array(z.string()).parse(Array.from({ length: 50_000 }, () => 1));
    throw new Error('it parsed');
  });
  expect(failure.type).toBe('Unexpected');
  expect(failure.message.length).toBeLessThanOrEqual(2000);
  expect(failure.cause?.message.length).toBeLessThanOrEqual(2000);
  expect(failure.cause?.stack?.length).toBeLessThanOrEqual(4000);
  expect(failure.cause?.cause).toBeUndefined();
});
