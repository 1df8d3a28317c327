import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitRows } from '../../domain/data/data-split.ts';

const options = { validation: 0.1, test: 0.2, seed: 0 };

const rows = (domain: string, count: number): { id: string; domain: string; input: string }[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${domain}-${index}`,
    domain,
    input: `${domain} text number ${index} with some words of its own ${index * 7}`,
  }));

const tally = (
  all: readonly { domain: string }[],
  parts: readonly string[],
  domain: string,
): Record<string, number> => {
  const counts: Record<string, number> = { train: 0, validation: 0, test: 0 };
  for (const [index, row] of all.entries()) {
    const part = parts[index] ?? '';
    if (row.domain === domain) counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
};

test('each domain is split in the shares asked for; those too small to be tested are named', () => {
  const all = [...rows('large', 100), ...rows('small', 5), ...rows('tiny', 2), ...rows('single', 1)];
  const { parts, unscored } = splitRows(all, options);
  expect(tally(all, parts, 'large')).toEqual({ train: 70, validation: 10, test: 20 });
  expect(tally(all, parts, 'small')).toEqual({ train: 3, validation: 1, test: 1 });
  expect(tally(all, parts, 'tiny')).toEqual({ train: 2, validation: 0, test: 0 });
  expect(unscored).toEqual(['single', 'tiny']);
});

test('its own seed decides, the order of the rows does not', () => {
  const all = rows('large', 100);
  const byId = (list: typeof all, seed: number): Map<string, string | undefined> => {
    const { parts } = splitRows(list, { ...options, seed });
    return new Map(list.map((row, index) => [row.id, parts[index]]));
  };
  const forward = byId(all, 0);
  const backward = byId(all.toReversed(), 0);
  for (const [id, part] of forward) expect(backward.get(id)).toBe(part);
  expect([...byId(all, 1).values()]).not.toEqual([...forward.values()]);
});

test('near-duplicates stay together, every domain keeps a training row, no part is larger than its share', () => {
  const row = fc.record({
    id: fc.uuid(),
    domain: fc.constantFrom('a', 'b', 'c', '__proto__'),
    input: fc.constantFrom(
      ...Array.from({ length: 30 }, (_, index) => `the text of story number ${index} is about it`),
    ),
  });
  const shares = fc.constantFrom(0, 0.1, 0.25, 0.5);
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      shares,
      shares,
      fc.nat(9),
      (all, validation, share, seed) => {
        const { parts, unscored } = splitRows(all, { validation, test: share, seed });
        const ofInput = new Map<string, string>();
        for (const [index, { input }] of all.entries()) {
          const part = parts[index] ?? '';
          expect(ofInput.get(input) ?? part).toBe(part);
          ofInput.set(input, part);
        }
        for (const domain of new Set(all.map((one) => one.domain))) {
          const counts = tally(all, parts, domain);
          const total = all.filter((one) => one.domain === domain).length;
          expect(counts['train']).toBeGreaterThanOrEqual(1);
          expect(counts['test']).toBeLessThanOrEqual(Math.round(total * share));
          expect(counts['validation']).toBeLessThanOrEqual(Math.round(total * validation));
          expect(unscored.includes(domain)).toBe(counts['test'] === 0);
        }
      },
    ),
    { numRuns: 200 },
  );
});
