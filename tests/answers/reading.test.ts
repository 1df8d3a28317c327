/** Reading answers: what is read is what was meant, and nothing that can be said breaks the reader. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonObjects } from '../../domain/reading/json-objects.ts';
import { mendLatex } from '../../domain/reading/latex.ts';
import { longestAnswer, unreadableReason } from '../../domain/reading/unusable.ts';
import { readExplanation } from '../../domain/tasks/explanation.ts';
import { formatSynthesis, parseSynthesis } from '../../domain/tasks/tagged-text.ts';
import { explanations, syntheses } from './corpus.ts';
import { answer, mustBeRead } from './fuzz.ts';

test('what is read of the corpus is what was meant', () => {
  for (const { name, says, becomes } of syntheses()) {
    if (becomes !== 'read') continue;
    const row = parseSynthesis(says.content);
    expect([name, row?.input, row?.answer.toLowerCase()]).toEqual([
      name,
      expect.stringMatching(/^Farmers bring in i\d{3}b?\..*Prices fall\.$/s),
      'grain',
    ]);
    expect(row?.rationale).toMatch(/^Farmers harvest.*So prices fall\.\nThe answer is: grain$/is);
  }
  for (const { name, says, becomes } of explanations()) {
    if (becomes !== 'read') continue;
    const { text } = readExplanation(says.content);
    expect([name, text]).toEqual([name, expect.stringMatching(/The answer is: grain/i)]);
    expect(text).not.toMatch(/```|<think>|"answer"/);
  }
});

test('any text survives JSON and tags', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).map((raw) => raw.replaceAll(/[\p{Cc}<>\uFEFF]/gu, 'x'));
  const word = text.map((raw) => raw.trim() || 'x');
  fc.assert(
    fc.property(word, word, word, fc.boolean(), (input, rationale, said, pretty) => {
      const row = { input, rationale, answer: said };
      expect(parseSynthesis(JSON.stringify(row, null, pretty ? 2 : 0))).toEqual(row);
      expect(parseSynthesis(formatSynthesis(row))).toEqual(row);
    }),
    { numRuns: 500 },
  );
});

test('LaTeX that was not escaped is fixed; a tab and a line break stay what they are', () => {
  expect(mendLatex('\frac{1}{2} \times 3 \right) \text{a} \beta')).toBe(
    '\\frac{1}{2} \\times 3 \\right) \\text{a} \\beta',
  );
  expect(mendLatex('one\ttwo\r\nthree\timely')).toBe('one\ttwo\r\nthree\timely');
});

test('choices in one text are fixed like any other', () => {
  const row = String.raw`{"input": "q", "choices": "A) \frac{1}{2}\nB) 2\u0007", "rationale": "r", "answer": "A"}`;
  expect(parseSynthesis(row)?.choices).toEqual(['\\frac{1}{2}', '2']);
});

test('only what opens like a refusal, and is short, is one', () => {
  expect(unreadableReason('I cannot help with that.')).toBe('declined');
  expect(unreadableReason('I can see why: the text cannot be about grain.')).toBe('unparseable');
  expect(unreadableReason('The text says "I am sorry".')).toBe('unparseable');
});

test('hostile lengths take no time worth the name: as many objects are found as there are', () => {
  const many = '{"a": 1} '.repeat(longestAnswer / 10);
  expect(jsonObjects(many)).toHaveLength(longestAnswer / 10);
  for (const text of ['{', '{"', '[{', '{"a":', '"', '\\', '<input>', '< input', '{"a":"x",', '```'])
    mustBeRead(text.repeat(longestAnswer / text.length));
});

test('random answers: each is read, or there is a reason', () => {
  fc.assert(fc.property(answer, mustBeRead), { numRuns: 2000 });
});
