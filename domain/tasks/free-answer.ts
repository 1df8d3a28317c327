/** Tasks whose answer is free text on one line: abstractive question answering, and `generic`. */
import { rowShares } from '../metrics/macro-shares.ts';
import { bareAnswer } from '../answers/answers.ts';
import { rowMetrics, secondaryScore } from '../metrics/row-metrics.ts';
import { unreadableReason } from '../reading/unusable.ts';
import { normalizeAnswer, wordF1 } from '../answers/short-answer.ts';
import { withoutAnswerLine } from './answer-line.ts';
import type { Asking } from './asking.ts';
import { promptsOf } from './prompts.ts';
import type { Wording } from './prompts.ts';
import { parseSynthesis } from './tagged-text.ts';
import type { SyntheticRow, Item, JudgedRow, Task } from './task.ts';

/** Word F1 against the best of the references; exact match after SQuAD normalization as a second figure. */
export function abstractiveQa(asking: Asking): Task {
  return freeAnswer(
    {
      version: 'abstractive-qa-2',
      heading: 'Question',
      explain:
        'You explain the answers of questions, from the passage where there is one. Think step by step and name the ' +
        'facts that decide.',
      invent:
        'You invent questions with a short answer: a passage, an empty line and `Question: ` with the question, or a ' +
        'question alone.',
      answer: 'ANSWER',
    },
    asking,
    bestWordF1,
    (evaluation) =>
      rowMetrics(evaluation, 'word-f1', bestWordF1, [secondaryScore(evaluation.judged, 'exact-match', exactMatch)]),
  );
}

/** Any input, one line of output: exact match after SQuAD normalization. */
export function generic(asking: Asking): Task {
  return freeAnswer(
    {
      version: 'generic-2',
      heading: 'Text',
      explain: 'You explain the answers of a task. Think step by step and name the facts that decide.',
      invent: 'You invent realistic inputs for a data set, with their answers.',
      answer: 'ANSWER',
    },
    asking,
    exactMatch,
    (evaluation) => rowMetrics(evaluation, 'exact-match', exactMatch),
  );
}

function freeAnswer(
  wording: Wording,
  asking: Asking,
  score: (row: JudgedRow) => number,
  metrics: Task['metrics'],
): Task {
  return {
    ...promptsOf(wording, asking),
    readSynthesis,
    extract: (output) => bareAnswer(output),
    agrees,
    metrics,
    shares: (row) => rowShares(row.domain, score(row)),
  };
}

function readSynthesis(text: string): SyntheticRow | string {
  const synthesis = parseSynthesis(text);
  const answer = synthesis?.answer.replaceAll(/\s+/g, ' ');
  if (synthesis === undefined || answer === undefined) return unreadableReason(text);
  const { input, rationale } = synthesis;
  return {
    input,
    answer,
    rationale: withoutAnswerLine(rationale),
    consistent: same(bareAnswer(rationale) ?? '', answer),
  };
}

function agrees(extracted: string | null, { answer, references = [] }: Item): boolean {
  return extracted !== null && [answer, ...references].some((reference) => same(extracted, reference));
}

function bestWordF1(row: JudgedRow): number {
  return best(row, wordF1);
}

function exactMatch(row: JudgedRow): number {
  return best(row, (predicted, reference) => (same(predicted, reference) ? 1 : 0));
}

function same(first: string, second: string): boolean {
  return normalizeAnswer(first) === normalizeAnswer(second);
}

/** The best score against any accepted answer; 0 for a row without an answer. */
export function best(
  { predicted, gold, references = [] }: JudgedRow,
  score: (predicted: string, reference: string) => number,
): number {
  return predicted === null ? 0 : Math.max(...[gold, ...references].map((reference) => score(predicted, reference)));
}
