import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { capacityOf, openBucket, refilled, retuned, taken, waitFor } from '../../domain/flow/bucket.ts';

const perMinute = fc.double({ min: 0.5, max: 1e6, noNaN: true });
const gaps = fc.array(fc.tuple(fc.nat(5000), fc.double({ min: 0, max: 50, noNaN: true })), { maxLength: 60 });

test('whatever is asked when, no stretch of time gives more than a burst, the rate, and the last call', () => {
  fc.assert(
    fc.property(perMinute, gaps, (rate, steps) => {
      let bucket = openBucket(rate, 0);
      let now = 0;
      const given: { at: number; amount: number }[] = [];
      for (const [gap, amount] of steps) {
        now += gap;
        if (waitFor(bucket, amount, now) > 0) continue;
        bucket = taken(bucket, amount, now);
        given.push({ at: now, amount });
      }
      for (const [from, first] of given.entries()) {
        for (const last of given.slice(from)) {
          const sum = given
            .filter(({ at }, index) => index >= from && at <= last.at)
            .slice(0, -1)
            .reduce((total, { amount }) => total + amount, 0);
          const allowed = capacityOf(rate) + ((last.at - first.at) * rate) / 60_000;
          expect(sum).toBeLessThanOrEqual(allowed * (1 + 1e-6) + 1e-6);
        }
      }
    }),
  );
});

test('after the wait it names, a call fits, and not a moment before', () => {
  fc.assert(
    fc.property(
      perMinute,
      fc.double({ min: 0, max: 500, noNaN: true }),
      fc.double({ min: 0.01, max: 500, noNaN: true }),
      (rate, debt, amount) => {
        const bucket = taken(openBucket(rate, 0), debt, 0);
        const wait = waitFor(bucket, amount, 0);
        expect(waitFor(bucket, amount, wait + 0.001)).toBeLessThanOrEqual(1e-3);
        if (wait > 1) expect(waitFor(bucket, amount, wait - 1)).toBeGreaterThan(0);
      },
    ),
  );
});

test('a call larger than the bucket goes when it is full, and later ones pay for it', () => {
  const bucket = taken(openBucket(60, 0), 30, 0);
  expect(waitFor(bucket, 1, 0)).toBe(30_000);
  expect(waitFor(openBucket(60, 0), 30, 0)).toBe(0);
});

test('giving back never overfills, and a clock that goes back changes nothing', () => {
  fc.assert(
    fc.property(perMinute, fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(10_000), (rate, amount, now) => {
      const bucket = openBucket(rate, now);
      expect(taken(bucket, -amount, now).level).toBeLessThanOrEqual(capacityOf(rate));
      expect(refilled(bucket, now - 1)).toEqual(bucket);
      expect(retuned(bucket, rate / 10, now).level).toBeLessThanOrEqual(capacityOf(rate / 10));
    }),
  );
});
