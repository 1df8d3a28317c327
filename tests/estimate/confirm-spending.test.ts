/** No spending without confirmation: the question, its two answers, and what happens without a terminal. */
import { expect, test } from 'vitest';
import { agreeTo, mayCost, mostOf } from '../../cli/estimate/confirm-spending.ts';
import type { Spending } from '../../cli/estimate/confirm-spending.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { wordnetSpec } from '../engine/rig.ts';

const silent = (): void => undefined;
const base = { home: '/nowhere', print: silent, printJson: silent, note: silent };
const dear: Spending = {
  what: 'This run',
  microUsd: 7_500_000,
  unpriced: 0,
  unpricedJobs: 0,
  above: { usd: 5, calls: 1000 },
  yes: false,
};

/** Answers every question, and keeps what it was asked. */
function person(answer: boolean): { readonly terminal: Terminal; readonly questions: string[] } {
  const questions: string[] = [];
  return {
    questions,
    terminal: {
      ...base,
      confirm: async (question) => {
        questions.push(question);
        return answer;
      },
    },
  };
}

test('above the threshold it is asked; no is the end of it', async () => {
  const yes = person(true);
  await agreeTo(yes.terminal, dear);
  expect(yes.questions).toEqual(['This run may cost up to 7.50 USD. Go ahead?']);
  await expect(agreeTo(person(false).terminal, dear)).rejects.toThrow('Nothing was started.');
});

test.each([
  ['below the threshold', { microUsd: 4_900_000 }],
  ['with --yes', { yes: true }],
  ['of unknown price, but few calls', { microUsd: 0, unpriced: 1000 }],
])('%s no confirmation is asked', async (_, change) => {
  const { terminal, questions } = person(false);
  await agreeTo(terminal, { ...dear, ...change });
  expect(questions).toEqual([]);
});

test('a script above it is refused, and --yes is named; so is one of unknown price', async () => {
  await expect(agreeTo(base, dear)).rejects.toMatchObject({ exitCode: 2, remedy: expect.stringContaining('--yes') });
  await expect(agreeTo(base, { ...dear, microUsd: 0, unpriced: 1001 })).rejects.toThrow(
    'This run asks for 1,001 calls of unknown price',
  );
  await expect(agreeTo(base, { ...dear, unpriced: 30 })).rejects.toThrow(
    'may cost up to 7.50 USD and asks for 30 calls of unknown price',
  );
});

test('one fine-tuning job of unknown price is asked about', async () => {
  await expect(agreeTo(base, { ...dear, microUsd: 0, unpricedJobs: 3 })).rejects.toThrow(
    'This run trains 3 times at an unknown price',
  );
});

test.each([
  ['{ baseUrl: "https://tuner.example.com/v1", model: m }', 3],
  ['{ baseUrl: "https://tuner.example.com/v1", model: m, price: { input: 1, output: 1 } }', 3],
  ['{ baseUrl: "https://tuner.example.com/v1", model: m, price: { input: 1, output: 1, training: 1 } }', 0],
  ['{ baseUrl: "https://tuner.example.com/v1", model: m, price: free }', 0],
  ['{ baseUrl: "http://127.0.0.1:9/v1", model: m }', 0],
  ['{ embedded: naive-bayes }', 0],
])('how many jobs of unknown price a student trains: %s', (student, jobs) => {
  const unknown = { teacher: { microUsd: null }, student: { microUsd: null } };
  expect(mostOf(wordnetSpec('bill', {}, { student }), unknown).unpricedJobs).toBe(jobs);
});

test.each([
  ['{ embedded: simulated }', false],
  ['{ baseUrl: "http://127.0.0.1:9/v1", model: m }', false],
  ['{ baseUrl: "https://teacher.example.com/v1", model: m }', true],
  ['{ baseUrl: "https://teacher.example.com/v1", model: m, price: free }', false],
  ['{ baseUrl: "http://127.0.0.1:9/v1", model: m, price: { input: 1, output: 1 } }', true],
])('whether a teacher may send a bill: %s', (teacher, costs) => {
  expect(mayCost(wordnetSpec('bill', {}, { teacher }))).toBe(costs);
});
