import { describe, expect, it } from 'vitest';
import { loadWordnet, splitWordnet, wordnetLabels } from '../../adapters/datasets/wordnet/wordnet.ts';

describe('the built-in data set', () => {
  const rows = loadWordnet();
  const sizes = new Map([...Map.groupBy(rows, (row) => row.domain)].map(([domain, all]) => [domain, all.length]));

  it('has the rows, categories and ratio the design names', () => {
    expect(rows).toHaveLength(62_739);
    expect([...sizes.keys()].sort()).toEqual(wordnetLabels);
    expect(sizes.size).toBe(25);
    expect(Math.round(Math.max(...sizes.values()) / Math.min(...sizes.values()))).toBe(270);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
  });

  it('writes the words of a synset before its gloss', () => {
    const dog = rows.find((row) => row.id === 'wn-02086723');
    expect(dog?.input).toMatch(/^dog, domestic dog, Canis familiaris: a member of the genus Canis /);
    expect(dog).toMatchObject({ domain: 'animal', answer: 'animal' });
  });

  it('is split without overlap, test and validation apart from the size of the pool', () => {
    const split = splitWordnet({ pool: 6000 });
    const parts = [split.pool, split.validation, split.test, split.reserve];
    expect(split.pool).toHaveLength(6000);
    expect(new Set(parts.flat().map((row) => row.id)).size).toBe(62_739);
    for (const [domain, size] of sizes) {
      const test = split.test.filter((row) => row.domain === domain).length;
      const validation = split.validation.filter((row) => row.domain === domain).length;
      expect(test).toBeLessThanOrEqual(80);
      expect(validation).toBeLessThanOrEqual(20);
      expect(test + validation).toBeLessThanOrEqual(size / 2);
      expect(Math.abs(split.pool.filter((row) => row.domain === domain).length - (size * 6000) / 62_739)).toBeLessThan(
        1,
      );
    }
    const other = splitWordnet({ pool: 50 });
    expect(other.test).toEqual(split.test);
    expect(new Set(other.pool.map((row) => row.domain)).size).toBe(25);
  });

  it('refuses a pool that cannot be had', () => {
    expect(() => splitWordnet({ pool: 24 })).toThrow('25 to');
    expect(() => splitWordnet({ pool: 62_000 })).toThrow('rows, not 62000');
  });
});
