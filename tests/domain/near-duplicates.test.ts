import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createNearDuplicateSearch } from '../../domain/duplicates/near-duplicate-search.ts';
import { nearDuplicateGroups } from '../../domain/duplicates/near-duplicates.ts';
import { seededRandom } from '../../domain/random.ts';
import { shingles } from '../../domain/duplicates/shingles.ts';

/** Every pair compared, over the same 5-grams: the truth that the index must find. */
function groupsByComparingAll(texts: readonly string[]): number[] {
  const sets = texts.map((text) => new Set(shingles(text)));
  const groups = texts.map((_, index) => index);
  for (const [i, a] of sets.entries()) {
    for (const [j, b] of sets.entries()) {
      const shared = [...a].filter((gram) => b.has(gram)).length;
      if (5 * shared < 4 * (a.size + b.size - shared)) continue;
      const [low, high] = [groups[i] ?? i, groups[j] ?? j].sort((x, y) => x - y);
      for (const [index, group] of groups.entries()) if (group === high) groups[index] = low ?? group;
    }
  }
  return groups;
}

const words = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => `word${from + index}`).join(' ');

test('the threshold itself counts, just below it does not', () => {
  // 40 grams each; k words more or less at one end: shared / union = (40 - k) / 40.
  expect(nearDuplicateGroups([words(0, 44), words(0, 36)])).toEqual([0, 0]); // 32 / 40 = 0.8
  expect(nearDuplicateGroups([words(0, 44), words(0, 35)])).toEqual([0, 1]); // 31 / 40
});

test('case, punctuation and spacing do not matter; short texts must be the same', () => {
  expect(
    nearDuplicateGroups(['Wheat prices rose.', 'wheat  PRICES rose', 'wheat prices fell', '!!', '!!', '??']),
  ).toEqual([0, 0, 2, 3, 3, 5]);
});

test('similarity is handed on: a chain of near-duplicates is one group', () => {
  expect(nearDuplicateGroups([words(0, 60), words(50, 110), words(4, 64), words(8, 68)])).toEqual([0, 1, 0, 0]);
});

test('agrees with comparing all pairs', () => {
  const text = fc
    .record({ start: fc.nat(6), length: fc.integer({ min: 1, max: 40 }), change: fc.nat(45), to: fc.nat(3) })
    .map(({ start, length, change, to }) =>
      Array.from({ length }, (_, index) => (index === change ? `other${to}` : `w${(start + index) % 17}`)).join(' '),
    );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 25 }), (texts) => {
      expect(nearDuplicateGroups(texts)).toEqual(groupsByComparingAll(texts));
    }),
    { numRuns: 200 },
  );
});

test('20,000 texts with common boilerplate, and 5,000 repeats of one: only the repeats are grouped', () => {
  const random = seededRandom('texts');
  const texts = Array.from({ length: 20_000 }, () => {
    const own = Array.from({ length: 50 }, () => `w${random.int(5000)}`).join(' ');
    return `This is the story of the day as seen by our reporter ${own}`;
  });
  texts.push(...Array.from({ length: 5000 }, () => texts[0] ?? ''));
  const groups = nearDuplicateGroups(texts);
  expect(groups.slice(20_000).every((group) => group === 0)).toBe(true);
  expect(new Set(groups).size).toBe(20_000);
});

test('a search finds what two texts alone would be grouped for, until it is taken out', () => {
  const text = fc
    .record({ start: fc.nat(6), length: fc.integer({ min: 1, max: 40 }), change: fc.nat(45) })
    .map(({ start, length, change }) => words(start, start + length).replace(`word${change}`, 'changed'));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), text, (texts, asked) => {
      const search = createNearDuplicateSearch();
      for (const [index, known] of texts.entries()) search.add(index, known);
      const near = texts.flatMap((known, index) => (nearDuplicateGroups([known, asked])[1] === 0 ? [index] : []));
      expect(search.find(asked).sort((a, b) => a - b)).toEqual(near);
      for (const index of near) search.remove(index);
      expect(search.find(asked)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
