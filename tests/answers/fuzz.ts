/** Random answers: good ones with random damage, and texts of the characters that a reader trips over. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { seededRandom } from '../../domain/random.ts';
import { unusableReason } from '../../domain/reading/unusable.ts';
import { readExplanation } from '../../domain/tasks/explanation.ts';
import { openTask, taskNames } from '../../domain/tasks/open-task.ts';
import { parseSynthesis } from '../../domain/tasks/tagged-text.ts';
import { explanations, syntheses, questions } from './corpus.ts';

const good = [...explanations(), ...syntheses(), ...questions()]
  .map(({ says }) => says.content)
  .filter((text) => text.length < 5000);

const tokens = [
  ['{', '}', '[', ']', ':', ',', '"', "'", '\\', '\\"', '\\u', '\\ud83d', '“', '”', '`', '```', '```json\n', '\n'],
  ['"rationale"', '"answer"', '"input"', '"choices"', 'null', 'true', '1e999', '-0', '//', '/*', '*/', '#', '\0'],
  ['<input>', '</input>', '<rationale>', '<answer>', '</answer>', '<', '>', '<think>', '</think>', 'The answer is:'],
  ['grain', ' ', '\t', '\uFEFF', '\uD83D', '\u2028', '🌾', '__proto__', 'constructor', '\\frac', '(A)', '{{', '}}'],
].flat();
const piece = fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 5 }));
const soup = fc.array(piece, { maxLength: 80 }).map((pieces) => pieces.join(''));
/** A stretch of a good answer taken out, and something else put there. */
const damaged = fc
  .array(fc.record({ at: fc.nat(), length: fc.nat(40), put: soup.map((text) => text.slice(0, 30)) }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((cuts) =>
    fc.constantFrom(...good).map((text) =>
      cuts.reduce((now, { at, length, put }) => {
        const from = at % (now.length + 1);
        return now.slice(0, from) + put + now.slice(from + length);
      }, text),
    ),
  );
const repeated = fc.tuple(soup, fc.integer({ min: 2, max: 200 })).map(([text, times]) => text.repeat(times));
export const answer = fc.oneof(damaged, soup, repeated, fc.json(), fc.string({ unit: 'binary' }));

// oxlint-disable-next-line no-control-regex -- what must not come through
const hostile = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFEFF]/;
const tasks = taskNames.map((name) => openTask(name, ['grain', 'corn']));
const clean = (text: string): boolean => !hostile.test(text) && text.isWellFormed();

/** What must hold of any answer: it is read, or there is a reason; what is read is clean, whole, and read the same again. */
export function mustBeRead(text: string): void {
  const reason = unusableReason({ text, finishReason: 'stop' });
  if (reason !== null) {
    expect(['empty', 'too_long']).toContain(reason);
    return;
  }
  const { text: explained } = readExplanation(text);
  expect(clean(explained)).toBe(true);
  for (const task of tasks) {
    task.extract(explained, { instruction: '', input: '', choices: ['a', 'b'] });
    const row = task.readSynthesis(text, 'grain', seededRandom(0));
    if (typeof row === 'string') {
      expect(['unparseable', 'declined', 'wrong_label', 'bad_choices']).toContain(row);
    } else {
      expect([row.input, row.answer, row.rationale, ...(row.choices ?? [])].every(clean)).toBe(true);
      expect(row.input === '' || row.answer === '').toBe(false);
    }
  }
  expect(parseSynthesis(text)).toEqual(parseSynthesis(text));
}

/** Answers until the time is over; how many there were, and the slowest of them. */
export function fuzzFor(seconds: number, seed: number): { readonly answers: number; readonly slowestMs: number } {
  const end = performance.now() + seconds * 1000;
  let answers = 0;
  let slowestMs = 0;
  for (let batch = 0; performance.now() < end; batch += 1) {
    fc.assert(
      fc.property(answer, (text) => {
        const startedAt = performance.now();
        mustBeRead(text);
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        answers += 1;
      }),
      { numRuns: 1000, seed: seed + batch },
    );
  }
  return { answers, slowestMs };
}
