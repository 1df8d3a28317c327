/** Every answer of the corpus through the real path: an endpoint says it, the ledger keeps it, the stage judges it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { openStories, specOf, writeData } from '../engine/rig.ts';
import { explanations, syntheses, questions } from './corpus.ts';
import type { Case } from './corpus.ts';

const stories = openStories();

/** A folder whose recorded teacher says what the cases say: about a row each, and as a synthetic row each. */
function folderOf(name: string, explained: readonly Case[], synthetic: readonly Case[], rows: readonly object[]): void {
  const about = explained.map((_, index) => ({
    id: `r${index}`,
    domain: 'grain',
    input: `text ${index}`,
    answer: 'grain',
  }));
  writeData(join(stories.data, name), {
    'train.jsonl': [...about, ...rows],
    'teacher.jsonl': explained.map(({ says }, index) => ({ id: `r${index}`, says })),
    'synthetic.jsonl': synthetic.map(({ says }) => ({ domain: 'grain', says })),
  });
}

/** What the ledger has of a run: each answer as it was kept, and the mark on it. */
async function keptBy(name: string, task: string, fields: string, slots: number): Promise<string[]> {
  const lines = [
    `data: { folder: ${name}, train: train.jsonl, split: { validation: 0, test: 0 }, fields: ${fields} }`,
    `task: ${task}`,
    'method: balance-ft-cot',
    'switches: { shortfall: leave }',
    `budget: { slots: ${slots} }`,
    'teacher: { embedded: recorded, concurrency: 32 }',
    'student: { driver: none }',
  ];
  const { home, data } = stories;
  expect(await (await home.start(specOf(name, lines, data))).result()).toMatchObject({ status: 'completed' });
  const ledger = await openLedger({ path: join(home.path, 'ledger.sqlite') });
  try {
    const marks = new Map((await ledger.entries({ run: name })).map(({ callId, unusable }) => [callId, unusable]));
    const kept = await ledger.slots({ run: name, stage: 0, round: 0 });
    return kept.flatMap(({ callId, answer }) =>
      answer === null ? [] : [line(answer.text, answer.finishReason, marks.get(callId) ?? 'read')],
    );
  } finally {
    await ledger.close();
  }
}

const line = (text: string, finish: string, becomes: string): string =>
  JSON.stringify({ becomes, finish, bytes: Buffer.byteLength(text), text: text.slice(0, 300) });

const expected = (cases: readonly Case[]): string[] =>
  cases.map(({ says: { content, finishReason, refusal }, becomes }) =>
    // Half a character has no bytes of its own.
    line((refusal ?? content).toWellFormed(), refusal === undefined ? finishReason : 'refusal', becomes),
  );

test('more than 200 answers: each is kept as it was said, and read or unusable for the right reason', async () => {
  const [explained, synthetic] = [explanations(), syntheses()];
  expect(new Set([...explained, ...synthetic].map(({ name }) => name)).size).toBe(explained.length + synthetic.length);
  expect(explained.length + synthetic.length).toBeGreaterThan(200);
  // A second kind with a row of its own, so that there are labels to be wrong with.
  const corn = Array.from({ length: 2 }, (_, index) => ({
    id: `c${index}`,
    domain: 'corn',
    input: `c ${index}`,
    answer: 'corn',
  }));
  folderOf('answers', explained, synthetic, corn);
  const slots = 2 * (explained.length + synthetic.length);
  const fields = '{ id: id, domain: domain, input: input, answer: answer }';
  const kept = await keptBy('answers', 'classification', fields, slots);
  expect(kept.toSorted()).toEqual(expected([...explained, ...synthetic]).toSorted());
});

const realQuestion = (domain: string) => ({ id: domain, domain, question: domain, choices: ['x', 'y'], answer: 'A' });

test('choices of synthetic questions', async () => {
  const asked = questions();
  folderOf('choices', [], asked, ['grain', 'corn'].map(realQuestion));
  const fields = '{ id: id, domain: domain, question: question, choices: choices, answer: answer }';
  const kept = await keptBy('choices', 'multiple-choice', fields, 2 * (asked.length + 1));
  expect(kept.toSorted()).toEqual(expected(asked).toSorted());
});
