/** The reserve: rows that an embedded teacher hands out as synthetic, and that no method may have seen before. */
import { expect, test } from 'vitest';
import { createReserveSplitter } from '../../domain/data/reserve-split.ts';
import { methodNames, presets } from '../../domain/methods.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { dataFolder, fields, prepare, rowsOf, specOf, tableOf } from './world.ts';

const share = 0.3;
const rows = Array.from({ length: 120 }, (_, index) => ({
  id: `r${index}`,
  text: `word${index} thing${index} place${index} here`,
  label: index < 80 ? 'many' : index < 110 ? 'some' : 'few',
}));
const single = { id: 'only', text: 'the only one of its kind', label: 'single' };
const trained = [...rows, single];
const held = [
  { id: 't1', text: 'held out one', label: 'many' },
  { id: 't2', text: 'held out two', label: 'few' },
];

/** As the embedded teacher draws it: from share and rows alone. */
function reserve(): string[] {
  const splitter = createReserveSplitter(share);
  for (const { id, text, label } of trained) splitter.add({ id, input: text, domain: label });
  const taken = splitter.finish();
  return trained.flatMap(({ id }, index) => (taken[index] === true ? [id] : []));
}

async function idsOf(part: Prepared['test']): Promise<string[]> {
  return (await rowsOf(part)).map(({ id }) => id);
}

async function partsOf({ pool, validation, test: tested }: Prepared): Promise<Record<string, string[]>> {
  return { pool: await idsOf(pool), validation: await idsOf(validation), test: await idsOf(tested) };
}

const folder = dataFolder({ 'train.jsonl': trained, 'test.jsonl': held });
const data = { train: 'train.jsonl', fields, reserve: share };

test('a share of each domain is in no part; a domain never loses its last row', async () => {
  const prepared = await prepare(specOf(folder, { ...data, split: { validation: 0.1, test: 0.2 } }));
  const parts = await partsOf(prepared);
  const reserved = reserve();
  // 0.3 of 80, 30 and 10.
  expect(reserved).toHaveLength(24 + 9 + 3);
  expect(prepared.reserved).toBe(reserved.length);
  const all = Object.values(parts).flat();
  expect(parts['validation']?.length).toBeGreaterThan(0);
  expect(parts['test']?.length).toBeGreaterThan(0);
  expect(new Set(all).size).toBe(all.length);
  expect([...all, ...reserved].toSorted()).toEqual(trained.map(({ id }) => id).toSorted());
  expect((await tableOf(prepared)).pool['single']).toBe(1);
});

test('a test file of its own stays whole, and validation comes out of what the reserve leaves', async () => {
  const split = { validation: 0.1, test: 0 };
  const prepared = await prepare(specOf(folder, { ...data, test: 'test.jsonl', split }));
  const { pool = [], validation = [], test: tested } = await partsOf(prepared);
  expect(tested).toEqual(['t1', 't2']);
  expect(validation.length).toBeGreaterThan(0);
  const reserved = new Set(reserve());
  expect([...pool, ...validation].filter((id) => reserved.has(id))).toEqual([]);
  expect(pool.length + validation.length).toBe(trained.length - reserved.size);
});

test('the same rows are left for every method and every seed', async () => {
  const spec = specOf(folder, { ...data, split: { validation: 0.1, test: 0.2 } });
  const first = await partsOf(await prepare(spec));
  for (const [index, method] of methodNames.entries()) {
    const { switches } = presets[method];
    const other: RunSpec = { ...spec, method, switches, seed: index + 1 };
    expect(await partsOf(await prepare(other))).toEqual(first);
  }
});

test('without a reserve nothing is taken out', async () => {
  const { reserve: _, ...without } = data;
  const prepared = await prepare(specOf(folder, without));
  expect(prepared.reserved).toBeUndefined();
  expect(prepared.pool.rows).toBe(trained.length);
});
