import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contractCases } from '../../conformance/all-cases.ts';

it('names every case once, and each need before the case that has it', () => {
  const before = new Set<string>();
  for (const { id, needs } of contractCases) {
    expect(before).not.toContain(id);
    for (const need of needs ?? []) expect(before).toContain(need);
    before.add(id);
  }
});

it('says titles and losses in whole sentences, of which no two are the same', () => {
  expect(new Set(contractCases.map(({ title }) => title)).size).toBe(contractCases.length);
  for (const { loss } of contractCases) if (loss !== undefined) expect(loss).toMatch(/^[A-Z].*\.$/);
});

it('stands whole in docs/doctor.md', () => {
  const page = readFileSync('docs/doctor.md', 'utf8').replaceAll(/\s+/g, ' ');
  expect(contractCases.map(({ title }) => title).filter((title) => !page.includes(title))).toEqual([]);
});
