/** The proof in its short form: every fault at least once. The long one is `npm run chaos`. */
import { expect, test } from 'vitest';
import { campaign } from './driver.ts';
import { faultNames } from './faults.ts';
import type { FaultName } from './faults.ts';
import { tableOf } from './table.ts';

const lists: readonly (readonly FaultName[])[] = [
  ['worker-stop-long', '429-plain'],
  ['temporal-kill', 'reset-body'],
  ['old-ledger', '429-retry-after'],
  ['503-blocked', 'worker-kill', 'two-workers'],
  ['ledger-full', 'student-kill'],
  ['artifacts-full', 'teacher-kill', '500-before'],
  ['stall-body', 'terminate'],
  ['late-answer', '503-before'],
  ['three-workers', 'worker-term', 'half-json'],
  ['two-runs', 'reset-before', 'worker-kill'],
  ['steering', '500-after', 'worker-stop'],
  ['503-after', 'teacher-stop', 'reset-after'],
  ['old-answer', 'terminate', 'worker-kill'],
];

test('every fault once: nothing overcharged, nothing billed in secret, no row lost', { timeout: 900_000 }, async () => {
  expect(new Set(lists.flat())).toEqual(new Set(faultNames));
  const settings = { seed: 7, first: 0, only: [], parallel: 2, specSeeds: 1, deadlineMs: 150_000, keep: false };
  const outcomes = await campaign({ ...settings, runs: lists.length, lists }, () => undefined);
  const found = outcomes.flatMap(({ plan, folder, violations }) =>
    violations.map((violation) => `${plan.name} (${folder}): ${violation}`),
  );
  expect(found, tableOf(outcomes)).toEqual([]);
});
