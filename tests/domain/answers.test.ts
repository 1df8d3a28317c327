import { expect, test } from 'vitest';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import { answerExtractor, extractAnswer } from '../../domain/answers.ts';

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
