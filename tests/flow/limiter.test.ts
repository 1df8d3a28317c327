/** The limiter of a worker: queues, turns, divisions and ends. */
import { expect, test } from 'vitest';
import { createLimiter } from '../../activities/calls/limiter.ts';
import type { Lane, Lease } from '../../activities/ports/limiter.ts';

const size = { bytes: 400, maxTokens: 100 };
const answer = { inputTokens: 100, outputTokens: 50, latencyMs: 5 };
const never = new AbortController().signal;
const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

/** Leases of a lane in the order they come. */
function asking(lane: Lane, calls: number): Lease[] {
  const leases: Lease[] = [];
  for (let call = 0; call < calls; call += 1)
    void lane.acquire(size).then((lease) => (lease === undefined ? undefined : leases.push(lease)));
  return leases;
}

test('no more calls are in flight than a run may have, and each end lets the next one in, once', async () => {
  const limiter = createLimiter('endpoint');
  const leases = asking(limiter.open('run', { concurrency: 2, limits: {} }, never), 5);
  await turn();
  expect(leases).toHaveLength(2);
  leases[0]?.answered(answer);
  leases[0]?.unused();
  leases[0]?.failed('timeout');
  await turn();
  expect(leases).toHaveLength(3);
  expect(limiter.snapshotOf('run')).toMatchObject({
    inFlight: 2,
    waiting: 2,
    answered: 1,
    failed: {},
    inputTokens: 100,
  });
});

test('two runs take turns, however many calls one of them has waiting', async () => {
  const limiter = createLimiter('endpoint', () => 0);
  const limits = { requestsPerMinute: 1200 };
  const first = asking(limiter.open('first', { concurrency: 64, limits }, never), 50);
  const second = asking(limiter.open('second', { concurrency: 64, limits }, never), 50);
  await turn();
  // The first had the burst of half a second for itself; what is given back goes in turn.
  for (let given = 0; given < 8; given += 1) {
    (given % 2 === 0 ? first : [...first, ...second]).at(-1)?.unused();
    await turn();
  }
  expect(second.length).toBeGreaterThanOrEqual(3);
});

test('the strictest word on a limit counts for all, until the run that said it is over', async () => {
  const limiter = createLimiter('endpoint', () => 0);
  const over = new AbortController();
  limiter.open('strict', { concurrency: 4, limits: { requestsPerMinute: 60 } }, over.signal);
  limiter.open('other', { concurrency: 8, limits: { requestsPerMinute: 600 } }, never);
  expect(limiter.snapshot('all').limits.requestsPerMinute).toBeCloseTo(59.4);
  over.abort();
  expect(limiter.snapshot('all').limits.requestsPerMinute).toBeCloseTo(594);
});

test('workers divide limits and calls in flight, and get them back', async () => {
  const limiter = createLimiter('endpoint', () => 0);
  limiter.open('run', { concurrency: 8, limits: { tokensPerMinute: 1000 } }, never);
  limiter.divide(2);
  expect(limiter.snapshot('all')).toMatchObject({ concurrency: 4, limits: { tokensPerMinute: 495 } });
  limiter.divide(1);
  expect(limiter.snapshot('all')).toMatchObject({ limits: { tokensPerMinute: 990 } });
});

test('a lane that closes admits no call any more and releases those that wait; other lanes stay', async () => {
  const limiter = createLimiter('endpoint');
  const closing = new AbortController();
  const terms = { concurrency: 1, limits: {} };
  const lane = limiter.open('run', terms, closing.signal);
  const held = await lane.acquire(size);
  const waiting = lane.acquire(size);
  const other = limiter.open('run', terms, never).acquire(size);
  closing.abort();
  expect(await waiting).toBeUndefined();
  expect(await lane.acquire(size)).toBeUndefined();
  held?.answered(answer);
  expect(await other).toBeDefined();
});

test('a refusal holds everybody until it is over; the refused call costs no part of a limit in tokens', async () => {
  let now = 0;
  const limiter = createLimiter('endpoint', () => now);
  const limits = { tokensPerMinute: 60_000 };
  const leases = asking(limiter.open('run', { concurrency: 4, limits }, never), 6);
  await turn();
  const before = leases.length;
  leases[0]?.refused({ reason: 'rate_limited', retryAfterMs: 30, overloaded: true });
  await turn();
  expect(leases).toHaveLength(before);
  expect(limiter.snapshot('busy').heldSeconds).toBeCloseTo(0.03);
  expect(limiter.snapshotOf('run')?.failed).toEqual({ rate_limited: 1 });
  now = 1000;
  // It wakes by itself: its timer is a real one.
  await expect.poll(() => leases.length).toBeGreaterThanOrEqual(2);
});
