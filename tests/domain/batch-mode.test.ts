import { expect, test } from 'vitest';
import { goesByBatch } from '../../domain/budget/batch-mode.ts';

const round = { calls: 1000, possible: true, hoursSinceStart: 1, stagesLeft: 2 };
const auto = { mode: 'auto', minimum: 1000, deadlineHours: undefined } as const;

test('`auto` takes batches for large rounds, where there is time for a whole window a stage', () => {
  expect(goesByBatch(auto, round)).toBe(true);
  expect(goesByBatch(auto, { ...round, calls: 999 })).toBe(false);
  expect(goesByBatch(auto, { ...round, possible: false })).toBe(false);
  expect(goesByBatch({ ...auto, deadlineHours: 49 }, round)).toBe(true);
  expect(goesByBatch({ ...auto, deadlineHours: 48 }, round)).toBe(false);
  expect(goesByBatch({ ...auto, deadlineHours: 48 }, { ...round, stagesLeft: 1 })).toBe(true);
});

test('`batch` and `sync` do as they say', () => {
  expect(goesByBatch({ ...auto, mode: 'batch', deadlineHours: 1 }, { ...round, calls: 1 })).toBe(true);
  expect(goesByBatch({ ...auto, mode: 'sync' }, round)).toBe(false);
});
