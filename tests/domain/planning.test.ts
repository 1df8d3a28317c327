/** The arithmetic of plans: bounds that hold for whatever is chosen, samples of both ends, certain synthetic rows. */
import { array, assert, boolean, func, integer, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { certainSyntheses } from '../../domain/quotas/certain-syntheses.ts';
import { secondsAtLimits } from '../../domain/flow/seconds-at-limits.ts';
import { plannedStages } from '../../domain/quotas/expected-stages.ts';
import { presets } from '../../domain/methods.ts';
import { amountsOf } from '../../domain/statistics/some-of.ts';
import { spreadOver } from '../../domain/selection/spread-over.ts';

const values = array(integer({ min: 0, max: 5000 }), { maxLength: 40 });

test('whichever rows are chosen, their sum lies between the bounds', () => {
  assert(
    property(values, func(boolean()), (all, picks) => {
      const chosen = all.filter((value, index) => picks(value, index));
      const sum = chosen.reduce((total, value) => total + value, 0);
      const { low, likely, high } = amountsOf(all).some(chosen.length, 'chosen');
      expect(low).toBeLessThanOrEqual(sum);
      expect(high).toBeGreaterThanOrEqual(sum);
      expect(likely).toBeGreaterThanOrEqual(low - 1e-6);
      expect(likely).toBeLessThanOrEqual(high + 1e-6);
    }),
  );
});

test('a draw is bounded more closely than a choice, and all of them are exact', () => {
  assert(
    property(values, nat({ max: 50 }), (all, taken) => {
      const amounts = amountsOf(all);
      const [drawn, chosen] = [amounts.some(taken, 'drawn'), amounts.some(taken, 'chosen')];
      expect(drawn.low).toBeGreaterThanOrEqual(chosen.low);
      expect(drawn.high).toBeLessThanOrEqual(chosen.high);
      const every = amounts.some(all.length, 'drawn');
      expect(every.high - every.low).toBeLessThan(1e-6);
    }),
  );
});

test('a sample takes head and tail in turn, and comes back for more', () => {
  const groups = [['a1', 'a2'], ['b1'], ['c1', 'c2'], ['d1']];
  expect(spreadOver(groups, 3)).toEqual(['a1', 'd1', 'b1']);
  expect(spreadOver(groups, 9)).toEqual(['a1', 'd1', 'b1', 'c1', 'a2', 'c2']);
  expect(spreadOver(groups, 0)).toEqual([]);
});

test('the first syntheses of a domain are certain, later ones are not; nor any where rows move', () => {
  const { switches } = presets['baldistill-n'];
  const stages = plannedStages({ switches, counts: { few: 3, many: 100 }, slots: 20, stages: 5, seed: 0 });
  // Two slots a stage: rows 1 and 2, then row 3 and a synthetic row, then synthetic rows alone, behind the domain with rows.
  expect(certainSyntheses(switches, stages)).toEqual([{ stage: 1, domain: 'few', slots: [1] }]);
  expect(certainSyntheses({ ...switches, shortfall: 'reallocate' }, stages)).toEqual([]);
  expect(certainSyntheses({ ...switches, onMismatch: 'drop', refill: 1 }, stages)).toEqual([]);
  expect(certainSyntheses({ ...switches, tail: 'none' }, stages)).toEqual([]);
});

test('the limit that binds says how long a run takes at the least', () => {
  const work = { calls: 600, input: 90_000, output: 30_000 };
  expect(secondsAtLimits({}, work)).toBe(0);
  expect(secondsAtLimits({ requestsPerMinute: 600 }, work)).toBe(60);
  expect(secondsAtLimits({ requestsPerMinute: 600, tokensPerMinute: 40_000 }, work)).toBe(180);
  expect(secondsAtLimits({ outputTokensPerMinute: 10_000 }, work)).toBe(180);
});
