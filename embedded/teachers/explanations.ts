/** Simple rationales for rows without one: the words or the sentence of a row that lead to its answer. */
import type { Row } from '../../contracts/records.ts';
import { choiceLetter } from '../../domain/answers/choice-answer.ts';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import { labelsInAnswer } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { normalizeAnswer } from '../../domain/answers/short-answer.ts';
import { TellingWords } from './telling-words.ts';

/** Explains a row and closes with its answer line. */
export type Explain = (row: Row) => string;

export function explainer(rows: readonly Row[], task: TaskName): Explain {
  const reason = reasonFor(rows, task);
  return (row) => `${reason(row)}\n${answerLine(row.answer)}`;
}

function reasonFor(rows: readonly Row[], task: TaskName): Explain {
  if (labelsInAnswer(task, '') !== undefined) {
    const labeled = rows.flatMap(({ input, answer }) =>
      labelsOf(task, answer).map((label) => ({ input, answer: label })),
    );
    const words = new TellingWords(labeled);
    return ({ input, answer }) =>
      labelsOf(task, answer)
        .map((label) => `The text speaks of ${quoted(words.of(input, label))}, which points to ${label}.`)
        .join(' ');
  }
  if (task === 'multiple-choice') {
    return ({ input, choices = [], answer }) => {
      const right = choices.find((_, index) => choiceLetter(index) === answer) ?? answer;
      return `${quoted(longest(input))} in the question lead to "${right}".`;
    };
  }
  if (task === 'abstractive-qa') return ({ input, answer }) => `The passage says: "${nearest(input, answer)}"`;
  return ({ input }) => `What matters is ${quoted(longest(input))}.`;
}

function labelsOf(task: TaskName, answer: string): readonly string[] {
  return labelsInAnswer(task, answer) ?? [];
}

/** `"a", "b" and "c"`. */
export function quoted(words: readonly string[]): string {
  const all = words.map((word) => `"${word}"`);
  const last = all.pop() ?? '"nothing in particular"';
  return all.length === 0 ? last : `${all.join(', ')} and ${last}`;
}

/** The three longest words of a text, the first of them first. */
function longest(text: string): string[] {
  const words = [...new Set(text.match(/[\p{L}\p{N}]{3,}/gu))];
  const chosen = new Set(words.toSorted((a, b) => b.length - a.length).slice(0, 3));
  return words.filter((word) => chosen.has(word));
}

/** The sentence that shares most words with the answer. */
function nearest(text: string, answer: string): string {
  const wanted = new Set(normalizeAnswer(answer).split(' '));
  const shared = (sentence: string): number =>
    normalizeAnswer(sentence)
      .split(' ')
      .filter((word) => wanted.has(word)).length;
  const sentences = text.match(/[^.!?\n]+[.!?]?/g)?.map((sentence) => sentence.trim()) ?? [];
  return sentences.reduce(
    (best, sentence) => (shared(sentence) > shared(best) ? sentence : best),
    sentences[0] ?? text,
  );
}
