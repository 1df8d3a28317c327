/** The progress of a comparison, and the state it passes to its next execution. */
import { expect, test } from 'vitest';
import { CompareMemory } from '../../contracts/comparison/comparison-messages.ts';
import type { CompareInput } from '../../contracts/comparison/comparison-messages.ts';
import { engineSettings, TemporalConfig } from '../../workers/temporal-config.ts';
import { comparisonProgress, memoryOf, openComparison } from '../../workflows/compare/compare-state.ts';
import type { Cell } from '../../workflows/compare/compare-state.ts';

const sha256 = 'ab'.repeat(32);
const input: CompareInput = {
  comparison: {
    name: 'grid',
    plan: { uri: `artifact:${sha256}`, sha256, bytes: 1, rows: 1 },
    cells: 5,
    limit: 100,
    window: 2,
    signature: { key: 'ab'.repeat(4), mac: sha256 },
  },
  searchAttributes: false,
  engine: engineSettings(TemporalConfig.parse({})),
};

/** The state after a continue-as-new, which passes it as JSON. */
function continued(change: (memory: CompareMemory) => unknown) {
  const state = openComparison(input, 0);
  const ends: readonly Partial<Cell>[] = [
    { status: 'failed', run: 'one', reason: 'it broke' },
    { status: 'stopped', run: 'two' },
    { status: 'left-out', run: 'three', reason: 'no room' },
    { status: 'blocked', run: 'four', reason: 'no model' },
    { status: 'completed', run: 'five' },
  ];
  for (const [index, end] of ends.entries()) Object.assign(state.cells[index] ?? {}, end);
  const memory = CompareMemory.parse(change(CompareMemory.parse(JSON.parse(JSON.stringify(memoryOf(state))))));
  return comparisonProgress(openComparison({ ...input, memory }, 1)).trouble.map(
    ({ run, status }) => `${status} ${run}`,
  );
}

test('blocked and failed cells keep their names', () => {
  const kept = continued((memory) => memory);
  expect(kept.toSorted()).toEqual(['blocked four', 'failed one', 'left-out three', 'stopped two']);
});

test('the state of an earlier version, without names, is accepted', () => {
  const kept = continued((memory) => ({ ...memory, names: undefined }));
  expect(kept.toSorted()).toEqual(['blocked four', 'failed ', 'left-out ', 'stopped ']);
});

test('between two cells the comparison is not blocked; it is when no cell may start', () => {
  const state = openComparison(input, 0);
  const statusWith = (change: Partial<typeof state>): string => comparisonProgress(Object.assign(state, change)).status;
  for (const cell of state.cells.slice(0, 2)) cell.status = 'blocked';
  expect(statusWith({ blockedInARow: input.comparison.window })).toBe('running');
  expect(statusWith({ held: true })).toBe('blocked');
  expect(statusWith({ held: false, blockedInARow: input.comparison.window + 1 })).toBe('blocked');
});
