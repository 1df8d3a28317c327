/** What a plan says of the slots that a domain has no rows for: each way to fill them, and what it costs. */
import { expect, test } from 'vitest';
import { plannedRun } from '../../estimate/run-size.ts';
import { quotaText } from '../../cli/view/plan.ts';
import { wordnetSpec } from '../engine/rig.ts';

/** 60 slots each in two domains: one lacks 50 rows, the other has plenty, or not even for its own. */
const few = { rare: 10, common: 200 };
const fewer = { rare: 10, common: 90 };

const planOf = (switches: string, counts: Readonly<Record<string, number>>) =>
  plannedRun(wordnetSpec('plan', { method: 'duplicate-ft-cot' }, { switches }), counts);

test.each([
  ['{}', few, { real: 70, synthetic: 0, repeated: 50, empty: 0, calls: 70 }],
  ['{ shortfall: leave }', few, { real: 70, synthetic: 0, repeated: 0, empty: 50, calls: 70 }],
  ['{ shortfall: reallocate }', few, { real: 120, synthetic: 0, repeated: 0, empty: 0, calls: 120 }],
  ['{ shortfall: reallocate }', fewer, { real: 100, synthetic: 0, repeated: 0, empty: 20, calls: 100 }],
  ['{ shortfall: reallocate, tail: real-first }', few, { real: 70, synthetic: 50, repeated: 0, empty: 0, calls: 120 }],
  ['{ tail: real-first, verify: teacher }', few, { real: 70, synthetic: 50, repeated: 0, empty: 0, calls: 170 }],
])('%s over %j', (switches, counts, filling) => {
  expect(planOf(switches, counts)).toMatchObject(filling);
});

test('slots that stay empty are called empty', () => {
  const text = quotaText(planOf('{ shortfall: leave }', few), few);
  expect(text).toContain('70 real rows, 0 to synthesize, 50 left empty; 70 teacher calls as planned');
});
