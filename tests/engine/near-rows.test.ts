/** Synthetic rows that repeat other rows or held-out rows: placed in a recording and dropped at the end of a round. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { Report } from '../../contracts/report.ts';
import { seededRandom } from '../../domain/random.ts';
import { parseSynthesis } from '../../domain/tasks/tagged-text.ts';
import { openStories, specOf, writeData } from './rig.ts';

const stories = openStories();

const random = seededRandom('near rows');
const text = (length = 45): string => Array.from({ length }, () => `w${random.int(3000)}`).join(' ');

/** Variants of a text that keep four of five 5-grams. */
const again: Readonly<Record<string, (original: string) => string>> = {
  'word for word': (original) => original,
  shouted: (original) => `${original.toUpperCase()}!`,
  'with other punctuation': (original) => original.replaceAll(/(\w+) (\w+) /g, '$1, $2; '),
  'with another first word': (original) => original.replace(/^\w+/, 'Today'),
  'with four words more': (original) => `${original} and that is all`,
  'without its last words': (original) => original.split(' ').slice(0, -5).join(' '),
};
const ways = Object.keys(again);
const written = (original: string, index: number): string =>
  again[ways[index % ways.length] ?? '']?.(original) ?? original;

const many = (count: number): string[] => Array.from({ length: count }, () => text());
const rows = (domain: string, inputs: readonly string[], prefix: string): object[] =>
  inputs.map((input, index) => ({ id: `${prefix}${index}`, domain, input, answer: domain }));

const fresh = many(64);
const pool = { common: many(60), rare: many(4) };
const heldOut = many(36);
/** The expected outcome of each row of the recording: the reason for dropping it, or a new row. */
const planted = new Map<string, 'leak' | 'near_leak' | 'near_duplicate' | 'fresh'>();
for (const input of fresh) planted.set(input, 'fresh');
for (const [index, input] of heldOut.entries())
  // The first three ways are the same text to the exact check, but for punctuation.
  planted.set(written(input, index), index % ways.length === 0 ? 'leak' : 'near_leak');
for (const [index, input] of [...pool.common, ...pool.rare].entries())
  if (index % 3 === 0) planted.set(written(input, index / 3), 'near_duplicate');
/** A new row and its copy: the first of the two is kept. */
const pairs = new Map(fresh.slice(0, 18).map((input, index) => [written(input, (index % 5) + 1), input]));

/** Sixty slots of a domain with four rows: fifty-six have to be synthesized. */
async function synthetic(name: string, ceiling: number) {
  const lines = [
    'data: { folder: planted, train: train.jsonl, test: test.jsonl, split: { validation: 0 },',
    '  fields: { id: id, domain: domain, input: input, answer: answer } }',
    'method: balance-ft-cot',
    `switches: { nearDuplicates: drop, refill: 10, ceiling: ${ceiling}, shortfall: leave }`,
    'budget: { slots: 120, calls: 1000 }',
    'teacher: { embedded: recorded }',
    'student: { driver: none }',
  ];
  const { home, data } = stories;
  const { folder, status } = await (await home.start(specOf(name, lines, data))).result();
  expect(status).toBe('completed');
  const report = Report.parse(JSON.parse(readFileSync(join(folder ?? '', 'report.json'), 'utf8')));
  const ledger = await openLedger({ path: join(home.path, 'ledger.sqlite') });
  const entries = (await ledger.entries({ run: name })).filter(({ kind }) => kind === 'synthesize');
  const texts = new Map<string, string>();
  for (let round = 0; round < 11; round += 1)
    for (const { callId, answer } of await ledger.slots({ run: name, stage: 0, round }))
      if (callId !== null && answer !== null) texts.set(callId, parseSynthesis(answer.text)?.input ?? '');
  await ledger.close();
  return {
    outcome: report.stages[0]?.outcomes.find(({ domain }) => domain === 'rare'),
    candidates: entries.map(({ callId, unusable }) => ({ input: texts.get(callId ?? '') ?? '', reason: unusable })),
  };
}

test('repeated and held-out rows are dropped, the quota is filled exactly, and the ceiling holds', async () => {
  writeData(join(stories.data, 'planted'), {
    'train.jsonl': [...rows('common', pool.common, 'c'), ...rows('rare', pool.rare, 'r')],
    'test.jsonl': [...rows('rare', heldOut, 't'), ...rows('common', many(5), 'u')],
    'teacher.jsonl': [
      ...pool.common.map((_, index) => ({ id: `c${index}`, rationale: 'So.', prediction: 'common' })),
      ...pool.rare.map((_, index) => ({ id: `r${index}`, rationale: 'So.', prediction: 'rare' })),
    ],
    'synthetic.jsonl': [...planted.keys(), ...pairs.keys()].map((input) => ({
      domain: 'rare',
      input,
      answer: 'rare',
      rationale: 'So.',
      prediction: 'rare',
    })),
  });

  const { outcome, candidates } = await synthetic('planted', 4);
  expect(outcome).toMatchObject({ quota: 60, real: 4, synthetic: 56, unfilled: {} });
  expect(candidates.length).toBeLessThanOrEqual(4 * 56);
  const accepted = new Set(candidates.filter(({ reason }) => reason === null).map(({ input }) => input));
  expect(accepted.size).toBe(56);
  const wrong = candidates.filter(({ input, reason }) => {
    const original = pairs.get(input);
    // Of two similar rows the first one in the order of rounds and slots stays.
    if (original !== undefined || [...pairs.values()].includes(input))
      return reason !== null && reason !== 'near_duplicate';
    const kind = planted.get(input);
    return kind === 'fresh' ? reason !== null : reason !== kind;
  });
  expect(wrong).toEqual([]);
  for (const [copy, original] of pairs) expect(accepted.has(copy) && accepted.has(original)).toBe(false);
  const caught = candidates.filter(({ reason }) => reason !== null).map(({ reason }) => reason);
  expect(new Set(caught)).toEqual(new Set(['leak', 'near_leak', 'near_duplicate']));

  const held = await synthetic('planted-ceiling', 1.25);
  expect(held.candidates).toHaveLength(70);
  expect(held.outcome?.synthetic).toBeLessThan(56);
  expect(held.outcome).toMatchObject({ quota: 60, real: 4, duplicated: 0 });
  expect(held.candidates.filter(({ reason }) => reason === null)).toHaveLength(held.outcome?.synthetic ?? 0);
});
