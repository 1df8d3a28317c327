/**
 * Invented rows where none were recorded ("oracle synthesis"): real rows that were held back from every method. With
 * probability `noise` one of them is wrong. Where a label is learnt, its text belongs to another domain, as in the
 * simulated teacher; elsewhere its answer is another one. The rationale keeps arguing for what is right.
 */
import type { RecordedTeacher } from '../../contracts/embedded-models.ts';
import type { FolderRow } from '../../adapters/datasets/folder-rows.ts';
import { choiceLetter } from '../../domain/choice-answer.ts';
import { seededRandom } from '../../domain/random.ts';
import type { SeededRandom } from '../../domain/random.ts';
import { createReserveSplitter } from '../../domain/reserve-split.ts';
import { labelsInAnswer } from '../../domain/tasks/open-task.ts';
import { formatSynthesis } from '../../domain/tasks/tagged-text.ts';
import type { TeacherQuestion } from './question.ts';
import { Reserve } from './reserve.ts';
import { supplyExhausted } from './teacher.ts';
import type { SpokenAnswer } from './teacher.ts';

type Synthesise = (question: Extract<TeacherQuestion, { kind: 'synthesise' }>) => SpokenAnswer;

/** `rows`: all training rows, in file order, as prepare reads them; `spoken` explains one. */
export function oracle(
  rows: readonly FolderRow[],
  { share, noise }: NonNullable<RecordedTeacher['reserve']>,
  task: RecordedTeacher['task'],
  spoken: (row: FolderRow) => SpokenAnswer,
): Synthesise {
  const splitter = createReserveSplitter(share);
  for (const row of rows) splitter.add(row);
  const held = splitter.finish();
  const reserve = new Reserve(
    rows.filter((_, index) => held[index] === true),
    (row) => row.domain,
  );
  const labelled = labelsInAnswer(task, '') !== undefined;

  return ({ domain, runSeed, ordinal }) => {
    const right = reserve.take(domain, runSeed, ordinal);
    if (right === undefined) throw supplyExhausted(domain, ordinal);
    const random = seededRandom(runSeed, 'noise', domain, ordinal);
    const wrong = random.next() < noise;
    const row = wrong && labelled ? otherDomain(reserve, right, random) : right;
    const answer = wrong && !labelled ? otherAnswer(reserve, right, random) : right.answer;
    const { text, source } = spoken(row);
    const choices = row.choices === undefined ? {} : { choices: row.choices };
    return { text: formatSynthesis({ input: row.input, ...choices, rationale: text, answer }), source };
  };
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
