/**
 * The simulated teacher: it knows the answer key of the built-in data set. It writes rationales from the words that
 * give the class away, and returns rows of a held-back reserve as synthetic rows. With probability `noise`
 * such a row belongs to another class than was asked for, and its rationale argues for the class it really has.
 * Asked to verify a synthetic row, it answers from the key, wrong with the same probability.
 */
import { splitWordnet } from '../../adapters/datasets/wordnet/wordnet.ts';
import type { SimulatedTeacher } from '../../contracts/run/embedded-models.ts';
import type { Row } from '../../contracts/records.ts';
import { seededRandom } from '../../domain/random.ts';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import { formatSynthesis } from '../../domain/tasks/tagged-text.ts';
import { quoted } from './explanations.ts';
import type { TeacherQuestion } from './question.ts';
import { Reserve } from './reserve.ts';
import { supplyExhausted, type EmbeddedTeacher } from './teacher.ts';
import { TellingWords } from './telling-words.ts';

type SynthesisQuestion = Extract<TeacherQuestion, { kind: 'synthesize' }>;

/** Reads the data set: about 0.6 s. */
export function simulatedTeacher(model: SimulatedTeacher): EmbeddedTeacher {
  const split = splitWordnet({ pool: model.pool });
  const words = new TellingWords([...split.pool, ...split.validation, ...split.test, ...split.reserve]);
  const reserve = new Reserve(split.reserve, (row) => row.answer);
  const explain = (text: string, label: string): string => {
    const list = quoted(words.of(text, label));
    return `The definition speaks of ${list}. Such words point to the category ${label}.\n${answerLine(label)}`;
  };
  const synthesize = (question: SynthesisQuestion): string => {
    const row = syntheticRow(reserve, question, model.noise);
    if (!row) throw supplyExhausted(question.domain, question.ordinal);
    return formatSynthesis({
      input: row.input,
      rationale: explain(row.input, row.answer),
      answer: question.domain,
    });
  };
  const key = new Map(split.reserve.map(({ input, answer }) => [input, answer]));
  /** Blind, it errs as often as when it synthesizes. */
  const guess = (text: string): string => {
    const random = seededRandom('verify', text);
    const right = key.get(text);
    const wrong = reserve.labels.filter((label) => label !== right);
    const err = right === undefined || random.next() < model.noise;
    return explain(text, (err ? wrong[random.int(wrong.length)] : right) ?? '');
  };
  const spoken = (question: TeacherQuestion): string => {
    if (question.kind === 'annotate') return explain(question.text, question.answer);
    return question.kind === 'verify' ? guess(question.text) : synthesize(question);
  };
  return {
    answer: (question) => ({ text: spoken(question), source: 'simulated' }),
  };
}

/** The supply of a label is its reserve; beyond its end there are no rows, whatever the noise. */
function syntheticRow(reserve: Reserve<Row>, question: SynthesisQuestion, noise: number): Row | undefined {
  const right = reserve.take(question.domain, question.runSeed, question.ordinal);
  const random = seededRandom(question.runSeed, 'noise', question.domain, question.ordinal);
  if (!right || random.next() >= noise) return right;
  const others = reserve.labels.filter((label) => label !== question.domain);
  const rows = reserve.rows(others[random.int(others.length)] ?? question.domain);
  return rows[random.int(rows.length)];
}
