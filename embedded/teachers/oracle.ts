/**
 * Synthetic rows where none were recorded ("oracle synthesis"): real rows that were held back from every method. With
 * probability `noise` one of them is wrong. Where a label is learnt, its text belongs to another domain, as in the
 * simulated teacher; elsewhere its answer is another one. The rationale keeps arguing for what is right.
 */
import type { RecordedTeacher } from '../../contracts/run/embedded-models.ts';
import type { FolderRow } from '../../adapters/datasets/folder-rows.ts';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import { splitBody } from '../../domain/tasks/question-body.ts';
import { choiceLetter } from '../../domain/answers/choice-answer.ts';
import { seededRandom } from '../../domain/random.ts';
import type { SeededRandom } from '../../domain/random.ts';
import { createReserveSplitter } from '../../domain/data/reserve-split.ts';
import { labelsInAnswer } from '../../domain/tasks/open-task.ts';
import { formatSynthesis } from '../../domain/tasks/tagged-text.ts';
import type { TeacherQuestion } from './question.ts';
import { Reserve } from './reserve.ts';
import { supplyExhausted } from './teacher.ts';
import type { SpokenAnswer } from './teacher.ts';

export interface Syntheses {
  synthesize(question: Extract<TeacherQuestion, { kind: 'synthesize' }>): SpokenAnswer;
  /** The answer to a synthetic row, read blind; undefined for a text that is none. */
  verify(text: string): SpokenAnswer | undefined;
}

/** `rows`: all training rows, in file order, as prepare reads them; `spoken` explains one. */
export function oracle(
  rows: readonly FolderRow[],
  { share, noise }: NonNullable<RecordedTeacher['reserve']>,
  task: RecordedTeacher['task'],
  spoken: (row: FolderRow) => SpokenAnswer,
): Syntheses {
  const splitter = createReserveSplitter(share);
  for (const row of rows) splitter.add(row);
  const inReserve = splitter.finish();
  const reserve = new Reserve(
    rows.filter((_, index) => inReserve[index] === true),
    (row) => row.domain,
  );
  const labeled = labelsInAnswer(task, '') !== undefined;

  const held = new Map(rows.filter((_, index) => inReserve[index] === true).map((row) => [row.input.trim(), row]));

  return {
    synthesize: ({ domain, runSeed, ordinal }) => {
      const right = reserve.take(domain, runSeed, ordinal);
      if (right === undefined) throw supplyExhausted(domain, ordinal);
      const random = seededRandom(runSeed, 'noise', domain, ordinal);
      const wrong = random.next() < noise;
      const row = wrong && labeled ? otherDomain(reserve, right, random) : right;
      const answer = wrong && !labeled ? otherAnswer(reserve, right, random) : right.answer;
      const { text, source } = spoken(row);
      const choices = row.choices === undefined ? {} : { choices: row.choices };
      return { text: formatSynthesis({ input: row.input, ...choices, rationale: text, answer }), source };
    },
    // Blind, it errs as often as when it synthesizes.
    verify: (text) => {
      const { input, choices } = splitBody(text);
      const row = held.get(input.trim());
      if (row === undefined) return undefined;
      const random = seededRandom('verify', text);
      const answer = random.next() < noise ? otherAnswer(reserve, row, random) : row.answer;
      return { text: answerLine(choices.length === 0 ? answer : letterNow(row, answer, choices)), source: 'simulated' };
    },
  };
}

/** The letter of a choice after its choices were reordered. */
function letterNow({ choices = [] }: FolderRow, letter: string, shown: readonly string[]): string {
  const words = choices.find((_, index) => choiceLetter(index) === letter) ?? '';
  return choiceLetter(Math.max(0, shown.indexOf(words)));
}

function otherDomain(reserve: Reserve<FolderRow>, row: FolderRow, random: SeededRandom): FolderRow {
  const others = reserve.labels.filter((domain) => domain !== row.domain);
  const rows = others.length === 0 ? [] : reserve.rows(others[random.int(others.length)] ?? '');
  return rows.length === 0 ? row : (rows[random.int(rows.length)] ?? row);
}

/** Another letter, or the answer of another row of the domain; of any domain where that has one answer only. */
function otherAnswer(
  reserve: Reserve<FolderRow>,
  { domain, answer, choices }: FolderRow,
  random: SeededRandom,
): string {
  const letters = choices?.map((_, index) => choiceLetter(index));
  const near = reserve.rows(domain).map((row) => row.answer);
  const far = (): string[] => reserve.labels.flatMap((label) => reserve.rows(label).map((row) => row.answer));
  const different = (answers: readonly string[]): string[] => answers.filter((other) => other !== answer);
  const options = letters === undefined && different(near).length === 0 ? different(far()) : different(letters ?? near);
  return options.length === 0 ? answer : (options[random.int(options.length)] ?? answer);
}
