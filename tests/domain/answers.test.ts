import { expect, test } from 'vitest';
import { answerExtractor, extractAnswer } from '../../domain/answers/answers.ts';
import { namesChoice } from '../../domain/answers/choice-answer.ts';
import { seededRandom } from '../../domain/random.ts';
import { answerLine, withoutAnswerLine } from '../../domain/tasks/answer-line.ts';
import { openTask } from '../../domain/tasks/open-task.ts';

const labels = ['earn', 'acq', 'money', 'money-fx', 'c++', 'c', 'reverted_card_payment?', 'U.S.', 'Ärger', 'New York'];

test.each([
  ['The answer is: earn', 'earn'],
  ['the ANSWER IS earn.', 'earn'],
  ['Because of dividends.\nThe answer is: EARN.\nMore talk about acq', 'earn'],
  ['The answer is: acq. No, wait. The answer is: earn', 'earn'],
  ['The answer is : earn', 'earn'],
  ['The answer is: money-fx', 'money-fx'],
  ['The answer is: the topic money-fx, I think', 'money-fx'],
  ['The answer is: about money only', 'money'],
  ['The answer is: c++.', 'c++'],
  ['The answer is: it must be C++!', 'c++'],
  ['The answer is: "c"', 'c'],
  ['The answer is: reverted_card_payment?', 'reverted_card_payment?'],
  ['The answer is: is it reverted_card_payment? yes', 'reverted_card_payment?'],
  ['The answer is: U.S.', 'U.S.'],
  ['The answer is: ärger', 'Ärger'],
  ['The answer is: new york.\r\nbecause', 'New York'],
])('%j is %j', (output, label) => {
  expect(extractAnswer(output, labels)).toBe(label);
});

test.each([
  'earn',
  '',
  'The answer is:',
  'The answer is:\nearn',
  'The answer is: learning',
  'The answer is: earn_ings',
  'The answer is: something else',
  'The answer is: .',
])('%j is invalid', (output) => {
  expect(extractAnswer(output, labels)).toBeNull();
});

test('labels that differ in case only keep apart', () => {
  const extract = answerExtractor(['US', 'us']);
  expect(extract('The answer is: us')).toBe('us');
  expect(extract('The answer is: US.')).toBe('US');
  expect(extract('The answer is: Us')).toBe('US');
});

test('every label survives its own answer line', () => {
  const extract = answerExtractor(labels);
  for (const label of labels) expect(extract(`Step by step.\n${answerLine(label)}`)).toBe(label);
});

test.each([
  ['It pays dividends.\nThe answer is: earn', 'It pays dividends.'],
  ['It pays dividends, so the correct answer is earn.\n', 'It pays dividends, so'],
  ['It pays dividends.\n**Answer is: earn**', 'It pays dividends.'],
  ['Dividends.\nThe answer is: earn\nI hope this helps.', 'Dividends.'],
  ['İİİ dividends.\nThe answer is: earn', 'İİİ dividends.'],
  [
    'The answer is not obvious, because of x.\nStill, dividends.',
    'The answer is not obvious, because of x.\nStill, dividends.',
  ],
  [
    'The answer is not obvious.\nStill, dividends.\nThe answer is: earn',
    'The answer is not obvious.\nStill, dividends.',
  ],
  ['No such line.', 'No such line.'],
  ['The answer is: earn', ''],
])('%j without its answer line is %j', (text, rest) => {
  expect(withoutAnswerLine(text)).toBe(rest);
});

test.each([
  ['ANSWER:D', true],
  ["so 'B' fits", true],
  ['A is wrong', true],
  ['12-5=7 C', true],
  ['Answer is a', true],
  ['A dog barks. I think so.', false],
  ['the choice a person makes', false],
  ['U.S. and vitamin E; F(x) = K', false],
  ['', false],
])('%j names one of four choices: %j', (text, names) => {
  expect(namesChoice(text, 4)).toBe(names);
});

test.each([
  ['grain; wheat', 'grain; wheat'],
  [' Wheat ;GRAIN.', 'wheat; grain'],
  ['wheat; wheat', 'wheat'],
  ['grain, wheat', 'wrong_label'],
  ['grain\nwheat', 'wrong_label'],
  ['not wheat', 'wrong_label'],
  ['wheat; barley', 'wrong_label'],
  ['grain', 'wrong_label'],
])('an synthetic row of wheat with the labels %j: %s', (answer, read) => {
  const task = openTask('multi-label', ['grain', 'wheat', 'corn']);
  const text = `<input>crops</input><rationale>Crops.</rationale><answer>${answer}</answer>`;
  const row = task.readSynthesis(text, 'wheat', seededRandom(0));
  expect(typeof row === 'string' ? row : row.answer).toBe(read);
  // What a student writes is read more freely.
  expect(task.extract('The answer is: not wheat, I think', { instruction: '', input: '' })).toBe('wheat');
});

test('an answer line behind 100,000 asterisks is taken away within seconds', { timeout: 10_000 }, () => {
  expect(withoutAnswerLine(`${'*'.repeat(100_000)}x the answer is: earn`)).toBe(`${'*'.repeat(100_000)}x`);
});
