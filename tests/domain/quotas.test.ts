import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headOrTail } from '../../domain/quotas/head-tail.ts';
import { stageQuotas } from '../../domain/quotas/quotas.ts';
import type { QuotaPolicy } from '../../domain/quotas/quotas.ts';
import { stageSlots } from '../../domain/quotas/stage-slots.ts';

const math = {
  Algebra: 1744,
  'Intermediate Algebra': 763,
  Prealgebra: 561,
  Geometry: 349,
  'Number Theory': 290,
  'Counting & Probability': 231,
  Precalculus: 187,
};

/** Reference numbers of docs/method.md#figures: exact values rounded down. */
const table = [
  [177, 77, 57, 35, 29, 23, 19],
  [154, 74, 57, 40, 35, 30, 27],
  [130, 70, 58, 45, 41, 38, 35],
  [107, 67, 58, 50, 47, 45, 43],
  [83, 63, 59, 55, 53, 52, 51],
];

/** Exact cumulative quota after `stage`, as a fraction of BigInts: an independent reading of the formulas. */
function exactCumulative(policy: QuotaPolicy, domain: string, stage: number): { value: bigint; unit: bigint } {
  const counts = Object.values(policy.counts);
  const rows = BigInt(counts.reduce((sum, count) => sum + count, 0));
  const domains = BigInt(counts.length);
  const count = BigInt(policy.counts[domain] ?? 0);
  const last = BigInt(policy.schedule === 'full' ? policy.stages - 1 : policy.stages);
  const unit = rows * domains * (last === 0n ? 1n : last);
  let value = 0n;
  for (let i = 0; i <= stage; i += 1) {
    const slots = BigInt(stageSlots(policy.slots, policy.stages, i));
    if (policy.balance === 'natural') value += (slots * count * unit) / rows;
    else if (policy.balance === 'naive') value += (slots * unit) / domains;
    else {
      value += (slots * count * unit * (last - BigInt(i))) / (rows * last);
      value += (slots * unit * BigInt(i)) / (domains * last);
    }
  }
  return { value, unit };
}

const policies = (balances: QuotaPolicy['balance'][], stages: number): fc.Arbitrary<QuotaPolicy> =>
  fc
    .record({
      balance: fc.constantFrom(...balances),
      schedule: fc.constantFrom('paper' as const, 'full' as const),
      counts: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 4000 })), {
        minLength: 1,
        maxLength: 60,
      }),
      slots: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 20_000 })),
      stages: fc.integer({ min: 1, max: stages }),
      seed: fc.integer({ min: 0, max: 1000 }),
    })
    .filter((policy) => policy.schedule === 'paper' || policy.stages > 1)
    .map((policy) => ({
      ...policy,
      counts: Object.fromEntries(policy.counts.map((count, index) => [`d${index}`, count])),
    }));

/** Largest distance above and below the exact cumulative count, in slots. */
function distances(policy: QuotaPolicy): { above: number; below: number } {
  const given = new Map<string, bigint>();
  let above = 0;
  let below = 0;
  for (const [stage, quotas] of stageQuotas(policy).entries()) {
    for (const [domain, quota] of quotas) {
      const cumulative = (given.get(domain) ?? 0n) + BigInt(quota);
      given.set(domain, cumulative);
      const { value, unit } = exactCumulative(policy, domain, stage);
      const distance = Number(((cumulative * unit - value) * 1_000_000n) / unit) / 1_000_000;
      above = Math.max(above, distance);
      below = Math.max(below, -distance);
    }
  }
  return { above, below };
}

describe('The example of docs/method.md: seven subjects, B = 2100, K = 5, adaptive', () => {
  const policy = { balance: 'adaptive', schedule: 'paper', counts: math, slots: 2100, stages: 5, seed: 0 } as const;

  test('exact values round down to the table, and every stage is within one of them', () => {
    const quotas = stageQuotas(policy);
    for (const [stage, floors] of table.entries()) {
      for (const [column, domain] of Object.keys(math).entries()) {
        const now = exactCumulative(policy, domain, stage);
        const before = stage === 0 ? { value: 0n } : exactCumulative(policy, domain, stage - 1);
        const floor = Number((now.value - before.value) / now.unit);
        expect(floor, `${domain}, stage ${stage}`).toBe(floors[column]);
        const quota = quotas[stage]?.get(domain) ?? -1;
        expect(Math.abs(quota - floor - 0.5)).toBeLessThanOrEqual(1.5);
      }
    }
  });

  test('the run ends at 653, 353, 291, 227, 209, 190, 177 whatever the seed', () => {
    for (const seed of [0, 1, 2, 77]) {
      const quotas = stageQuotas({ ...policy, seed });
      const sums = Object.keys(math).map((domain) => quotas.reduce((sum, stage) => sum + (stage.get(domain) ?? 0), 0));
      expect(sums).toEqual([653, 353, 291, 227, 209, 190, 177]);
    }
  });
});

describe('properties', () => {
  test('every stage spends its slots, K stages spend B, and no quota is negative', () => {
    fc.assert(
      fc.property(policies(['adaptive', 'naive', 'natural'], 30), (policy) => {
        let total = 0;
        for (const [stage, quotas] of stageQuotas(policy).entries()) {
          const spent = [...quotas.values()].reduce((sum, quota) => sum + quota, 0);
          expect(spent).toBe(stageSlots(policy.slots, policy.stages, stage));
          expect(Math.min(...quotas.values())).toBeGreaterThanOrEqual(0);
          total += spent;
        }
        expect(total).toBe(policy.slots);
      }),
      { numRuns: 300 },
    );
  });

  test('naive and adaptive, K up to 10: cumulative counts are within one of exact', () => {
    fc.assert(
      fc.property(policies(['adaptive', 'naive'], 10), (policy) => {
        const { above, below } = distances(policy);
        expect(above).toBeLessThan(1);
        expect(below).toBeLessThan(1);
      }),
      { numRuns: 600 },
    );
  });

  test('natural: never one or more above exact, less than two below', () => {
    fc.assert(
      fc.property(policies(['natural'], 15), (policy) => {
        const { above, below } = distances(policy);
        expect(above).toBeLessThan(1);
        expect(below).toBeLessThan(2);
      }),
      { numRuns: 300 },
    );
  });

  test('the same as handing slots out one by one', () => {
    fc.assert(
      fc.property(policies(['adaptive', 'naive', 'natural'], 8), (policy) => {
        const credits = new Map<string, bigint>();
        for (const [stage, quotas] of stageQuotas(policy).entries()) {
          let left = stageSlots(policy.slots, policy.stages, stage);
          const counted = new Map<string, number>();
          const values: { domain: string; credit: bigint }[] = [];
          for (const domain of quotas.keys()) {
            const { value, unit } = exactCumulative(policy, domain, stage);
            values.push({ domain, credit: value - (credits.get(domain) ?? 0n) * unit });
          }
          const { unit } = exactCumulative(policy, 'd0', stage);
          // A tie may go either way here: what has to agree is the credit that every domain ends with, sorted.
          for (; left > 0; left -= 1) {
            const best = values.reduce((a, b) => (b.credit > a.credit ? b : a));
            best.credit -= unit;
            counted.set(best.domain, (counted.get(best.domain) ?? 0) + 1);
          }
          const expected = values.map(({ credit }) => credit).sort(bySize);
          for (const [domain, quota] of quotas) {
            credits.set(domain, (credits.get(domain) ?? 0n) + BigInt(quota));
          }
          const actual = [...quotas.keys()]
            .map((domain) => exactCumulative(policy, domain, stage).value - (credits.get(domain) ?? 0n) * unit)
            .sort(bySize);
          expect(actual).toEqual(expected);
        }
      }),
      { numRuns: 150 },
    );
  });
});

function twoSlots(counts: Record<string, number>, seed: number): ReadonlyMap<string, number> {
  return (
    stageQuotas({ balance: 'naive', schedule: 'paper', counts, slots: 2, stages: 1, seed })[0] ??
    new Map<string, number>()
  );
}

function bySize(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

describe('schedules and ties', () => {
  test('full: the last stage is exactly balanced and the first exactly natural', () => {
    const counts = { a: 80, b: 15, c: 5 };
    const quotas = stageQuotas({ balance: 'adaptive', schedule: 'full', counts, slots: 1500, stages: 5, seed: 0 });
    expect(Object.fromEntries(quotas[0] ?? [])).toEqual({ a: 240, b: 45, c: 15 });
    expect(Object.fromEntries(quotas[4] ?? [])).toEqual({ a: 100, b: 100, c: 100 });
  });

  test('full with a single stage does not exist; paper with one is natural', () => {
    const counts = { a: 3, b: 1 };
    const policy = { balance: 'adaptive', counts, slots: 8, stages: 1, seed: 0 } as const;
    expect(() => stageQuotas({ ...policy, schedule: 'full' })).toThrow(RangeError);
    expect(Object.fromEntries(stageQuotas({ ...policy, schedule: 'paper' })[0] ?? [])).toEqual({ a: 6, b: 2 });
  });

  test('every label gets rows: 77 labels, B = 300, K = 5, naive gives each 3 or 4', () => {
    const counts = Object.fromEntries(Array.from({ length: 77 }, (_, label) => [`label-${label}`, 10]));
    const quotas = stageQuotas({ balance: 'naive', schedule: 'paper', counts, slots: 300, stages: 5, seed: 4 });
    const sums = Object.keys(counts).map((label) => quotas.reduce((sum, stage) => sum + (stage.get(label) ?? 0), 0));
    expect(new Set(sums)).toEqual(new Set([3, 4]));
  });

  test('ties are decided by the seed, not by the order of the domains', () => {
    expect(twoSlots({ a: 1, b: 1, c: 1 }, 1)).toEqual(twoSlots({ c: 1, b: 1, a: 1 }, 1));
    const losers = Array.from({ length: 20 }, (_, seed) =>
      [...twoSlots({ a: 1, b: 1, c: 1 }, seed)].find(([, quota]) => quota === 0)?.at(0),
    );
    expect(new Set(losers).size).toBe(3);
  });

  test('an empty pool has no quotas', () => {
    expect(() =>
      stageQuotas({ balance: 'naive', schedule: 'paper', counts: {}, slots: 2, stages: 1, seed: 0 }),
    ).toThrow(RangeError);
  });

  test('stages beyond the run do not exist', () => {
    expect([0, 1, 2].map((stage) => stageSlots(10, 3, stage))).toEqual([3, 3, 4]);
    expect(() => stageSlots(10, 3, 3)).toThrow(RangeError);
  });

  test('a domain whose quota the pool just holds is head', () => {
    expect(headOrTail(5, 5)).toBe('head');
    expect(headOrTail(6, 5)).toBe('tail');
    expect(headOrTail(0, 0)).toBe('head');
  });
});
