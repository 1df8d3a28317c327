/**
 * `npm run proof -- near-rows`: what rejecting near-duplicates catches of real stories that were edited (recall), and
 * what it says of unedited stories (false positives). R52, 500 stories against all that are in its pool.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createNearDuplicateSearch } from '../../domain/duplicates/near-duplicate-search.ts';
import { seededRandom } from '../../domain/random.ts';
import { table } from '../../report/markdown-table.ts';

const path = join(process.env['BALDISTILL_DATA'] ?? '../shared/data', 'r52/train.jsonl');
const Line = z.object({ input: z.string() });
const random = seededRandom('edited stories');
const wordsOf = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** Each word is replaced with this probability, by a word that no story has. */
const replaced = (share: number) => (text: string) =>
  wordsOf(text)
    .map((word) => (random.next() < share ? `zz${random.int(1_000_000)}` : word))
    .join(' ');
const edits: Readonly<Record<string, (text: string) => string>> = {
  'none, other case and full stops': (text) => `${text.toUpperCase()} .`,
  'last tenth left out': (text) =>
    wordsOf(text)
      .slice(0, Math.ceil(0.9 * wordsOf(text).length))
      .join(' '),
  'a tenth added': (text) =>
    `${text} ${replaced(1)(
      wordsOf(text)
        .slice(0, 0.1 * wordsOf(text).length)
        .join(' '),
    )}`,
  '1 word in 100 replaced': replaced(0.01),
  '1 word in 50 replaced': replaced(0.02),
  '1 word in 20 replaced': replaced(0.05),
  '1 word in 10 replaced': replaced(0.1),
};

/** The truth: 5-grams as strings, every one compared. */
function gramsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [text.trim()];
  if (words.length <= 5) return new Set([words.join(' ')]);
  return new Set(words.slice(4).map((_, at) => words.slice(at, at + 5).join(' ')));
}

function jaccard(a: string, b: string): number {
  const [left, right] = [gramsOf(a), gramsOf(b)];
  const both = [...left].filter((gram) => right.has(gram)).length;
  return both / (left.size + right.size - both);
}

test.skipIf(!existsSync(path))('what is caught of edited stories, and of others', { timeout: 300_000 }, () => {
  const stories = [
    ...new Set(
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => Line.parse(JSON.parse(line)).input),
    ),
  ];
  const search = createNearDuplicateSearch();
  for (const [index, story] of stories.entries()) search.add(index, story);
  const asked = Array.from({ length: 500 }, (_, index) => Math.floor((index * stories.length) / 500));

  const rows = Object.entries(edits).map(([name, edit]) => {
    let [caught, near, wrong] = [0, 0, 0];
    for (const index of asked) {
      const story = stories[index] ?? '';
      const edited = edit(story);
      const found = search.find(edited);
      const isNear = jaccard(story, edited) >= 0.8;
      if (found.includes(index)) caught += 1;
      if (isNear) near += 1;
      if (found.includes(index) !== isNear) wrong += 1;
      wrong += found.filter((other) => other !== index && jaccard(stories[other] ?? '', edited) < 0.8).length;
    }
    return { name, caught, near, wrong };
  });
  let [similar, unlike] = [0, 0];
  for (const index of asked)
    for (const other of search.find(stories[index] ?? ''))
      if (other !== index) {
        if (jaccard(stories[other] ?? '', stories[index] ?? '') >= 0.8) similar += 1;
        else unlike += 1;
      }
  const heads = ['edit', 'caught of 500', 'with 0.8 or more in common', 'answers against the truth'];
  process.stdout.write(
    `${table(
      heads,
      rows.map(({ name, ...counts }) => [name, ...Object.values(counts).map(String)]),
    )}\n`,
  );
  process.stdout.write(
    `unedited, against ${stories.length} stories: ${similar} other stories found that are near, ${unlike} that are not\n`,
  );
  expect(rows.map(({ wrong }) => wrong)).toEqual(rows.map(() => 0));
  expect(rows[0]?.caught).toBe(500);
  expect(unlike).toBe(0);
});
