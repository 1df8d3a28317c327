/**
 * The recorded teacher: replays what was written about the rows of a folder of the data folder. `teacher.jsonl` holds
 * rationale and prediction by row id, `synthetic.jsonl` synthetic rows (see r52/README.md); a line may say instead what
 * the teacher `says`, word for word. A folder without them has
 * the solutions that people wrote (`rationale` of `train.jsonl`); where a row has none either, a simple one is made up,
 * and synthetic rows come out of a reserve.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readFolderRows } from '../../adapters/datasets/folder-rows.ts';
import type { FolderRow } from '../../adapters/datasets/folder-rows.ts';
import type { RecordedTeacher } from '../../contracts/run/embedded-models.ts';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import { bodyOf } from '../../domain/tasks/question-body.ts';
import { formatSynthesis } from '../../domain/tasks/tagged-text.ts';
import { ApiError } from '../api-error.ts';
import { explainer } from './explanations.ts';
import { oracle } from './oracle.ts';
import type { Syntheses } from './oracle.ts';
import { Reserve } from './reserve.ts';
import { supplyExhausted } from './teacher.ts';
import type { EmbeddedTeacher, SpokenAnswer } from './teacher.ts';

/** A recorded answer, returned unchanged, well formed or not. */
const Said = z.object({
  content: z.string(),
  finishReason: z.string().optional(),
  refusal: z.string().optional(),
});
const Recording = z.union([
  z.object({ id: z.string(), says: Said }),
  z.object({ id: z.string(), rationale: z.string(), prediction: z.string() }),
]);
const InventedRow = z.union([
  z.object({ domain: z.string(), says: Said }),
  z.object({
    domain: z.string(),
    input: z.string(),
    answer: z.string(),
    rationale: z.string(),
    prediction: z.string(),
  }),
]);

const trainingFile = 'train.jsonl';
const recordingFile = 'teacher.jsonl';
const syntheticFile = 'synthetic.jsonl';

/** Whether a folder holds rows to speak about at all, and whether it holds a whole recording. */
export function hasRows(folder: string): boolean {
  return existsSync(join(folder, trainingFile));
}
export function hasRecording(folder: string): boolean {
  return [trainingFile, recordingFile, syntheticFile].every((file) => existsSync(join(folder, file)));
}

/** Throws an `Error` naming file and line when the folder cannot be read. */
export function recordedTeacher(folder: string, { task, reserve }: RecordedTeacher): EmbeddedTeacher {
  const rows = readFolderRows(join(folder, trainingFile), task);
  const spoken = speaker(folder, rows, task);
  const answers = new Map<string, FolderRow>();
  for (const row of rows) {
    const key = textKey(bodyOf(row), row.answer);
    // Repeats of a row: the first recording speaks for all.
    if (spoken(row) !== undefined && !answers.has(key)) answers.set(key, row);
  }
  const syntheses =
    reserve === null
      ? replayed(folder)
      : oracle(rows, reserve, task, (row) => spoken(row) ?? { text: answerLine(row.answer), source: 'simulated' });
  return {
    answer: (question) => {
      if (question.kind === 'synthesize') return syntheses.synthesize(question);
      if (question.kind === 'verify') {
        const answer = syntheses.verify(question.text.trim());
        if (answer !== undefined) return answer;
        throw new ApiError(422, 'The recording has no synthetic row with this text.', { code: 'not_recorded' });
      }
      const row = answers.get(textKey(question.text, question.answer));
      const answer = row === undefined ? undefined : spoken(row);
      if (answer !== undefined) return answer;
      throw new ApiError(422, 'The recording holds no answer for this text and answer.', { code: 'not_recorded' });
    },
  };
}

/** The answer about a row; undefined for a row without a recording. */
function speaker(
  folder: string,
  rows: readonly FolderRow[],
  task: RecordedTeacher['task'],
): (row: FolderRow) => SpokenAnswer | undefined {
  const file = join(folder, recordingFile);
  if (existsSync(file)) {
    const recordings = new Map(readLines(file, Recording).map((line) => [line.id, line]));
    return ({ id }) => {
      const line = recordings.get(id);
      if (line === undefined) return undefined;
      return 'says' in line
        ? scripted(line.says)
        : { text: closed(line.rationale, line.prediction), source: 'recorded' };
    };
  }
  const explain = explainer(rows, task);
  return (row) =>
    row.rationale === null
      ? { text: explain(row), source: 'simulated' }
      : { text: closed(row.rationale, row.answer), source: 'recorded' };
}

/** The synthetic rows of a recording; none without such a file. A blind verification returns the recorded answer. */
function replayed(folder: string): Syntheses {
  const file = join(folder, syntheticFile);
  const recorded = existsSync(file) ? readLines(file, InventedRow) : [];
  const supply = new Reserve(recorded, (row) => row.domain);
  const said = new Map(
    recorded.flatMap((row) =>
      'says' in row ? [] : [[row.input.trim(), closed(row.rationale, row.prediction)] as const],
    ),
  );
  return {
    synthesize: ({ domain, runSeed, ordinal }) => {
      const row = supply.take(domain, runSeed, ordinal);
      if (row === undefined) throw supplyExhausted(domain, ordinal);
      if ('says' in row) return scripted(row.says);
      const rationale = closed(row.rationale, row.prediction);
      return { text: formatSynthesis({ input: row.input, rationale, answer: row.answer }), source: 'recorded' };
    },
    verify: (text) => {
      const answer = said.get(text);
      return answer === undefined ? undefined : { text: answer, source: 'recorded' };
    },
  };
}

function scripted({ content, finishReason, refusal }: z.infer<typeof Said>): SpokenAnswer {
  const end = finishReason === undefined ? {} : { finishReason };
  return { text: content, source: 'recorded', scripted: true, ...end, ...(refusal === undefined ? {} : { refusal }) };
}

function closed(rationale: string, answer: string): string {
  return `${rationale}\n${answerLine(answer)}`;
}

/** Importers may trim a text, so the space around it does not count. */
function textKey(text: string, answer: string): string {
  return `${text.trim()}\0${answer}`;
}

function readLines<T>(path: string, schema: z.ZodType<T>): T[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [schema.parse(JSON.parse(line))];
    } catch (cause) {
      throw new Error(`${path}, line ${index + 1}: not a line of a recording`, { cause });
    }
  });
}
