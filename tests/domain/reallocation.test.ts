import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { creditsAfter, stageQuotas } from '../../domain/quotas/quotas.ts';
import type { QuotaPolicy } from '../../domain/quotas/quotas.ts';
import { reallocate } from '../../domain/quotas/reallocation.ts';

const credits = (of: Record<string, bigint>) => ({ credits: new Map(Object.entries(of)), unit: 10n });

test('slots go to the largest credit, one unit each, while there are rows', () => {
  const left = new Map([
    ['a', 2],
    ['b', 9],
    ['c', 0],
  ]);
  const given = reallocate([3, 5, 8, 9], credits({ a: 9n, b: -3n, c: 50n }), left, 1);
  expect(given).toEqual([
    { slot: 3, domain: 'a' },
    { slot: 5, domain: 'a' },
    { slot: 8, domain: 'b' },
    { slot: 9, domain: 'b' },
  ]);
  expect(reallocate([1, 2, 3], credits({ a: 0n }), new Map([['a', 1]]), 1)).toEqual([{ slot: 1, domain: 'a' }]);
  expect(reallocate([1], credits({}), new Map(), 1)).toEqual([]);
});

const order = (names: readonly string[], seed: number): string[] =>
  reallocate(
    names.map((_, slot) => slot),
    credits({}),
    new Map(names.map((name) => [name, 1])),
    seed,
  ).map(({ domain }) => domain);

test('ties are decided by the seed, not by the order of the domains', () => {
  const domains = Array.from({ length: 12 }, (_, index) => `d${index}`);
  expect(order(domains.toReversed(), 4)).toEqual(order(domains, 4));
  expect(order(domains, 4)).not.toEqual(order(domains, 5));
});

const policies = fc.record({
  balance: fc.constantFrom('adaptive', 'naive', 'natural'),
  schedule: fc.constant('paper'),
  counts: fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 300 }), {
    minKeys: 1,
    maxKeys: 9,
  }),
  slots: fc.integer({ min: 1, max: 400 }),
  stages: fc.integer({ min: 1, max: 8 }),
  seed: fc.nat(50),
}) satisfies fc.Arbitrary<QuotaPolicy>;

test('credits are exactly what was earned and not handed out: over all domains nothing', () => {
  fc.assert(
    fc.property(policies, fc.nat(7), (policy, at) => {
      const stage = at % policy.stages;
      const { credits: owed, unit } = creditsAfter(policy, stage);
      expect([...owed.values()].reduce((sum, credit) => sum + credit, 0n)).toBe(0n);
      // Asked stage by stage, the quotas are those of the whole run.
      const again = stageQuotas(policy)[stage];
      for (const [domain, credit] of owed) {
        expect(credit > -unit).toBe(true);
        expect(again?.has(domain)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
