/**
 * The recorded teacher: replays a recording kept as JSONL in a folder of the data folder. `train.jsonl` holds the rows,
 * `teacher.jsonl` rationale and prediction by row id, `synthetic.jsonl` invented rows (see r52/README.md).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { answerLine } from '../../domain/tasks/answer-line.ts';
import { formatSynthesis } from '../../domain/tasks/tagged-text.ts';
import { ApiError } from '../api-error.ts';
import { Reserve } from './reserve.ts';
import { supplyExhausted, type EmbeddedTeacher } from './teacher.ts';

const TrainingRow = z.object({ id: z.string(), input: z.string(), answer: z.string() });
const Recording = z.object({ id: z.string(), rationale: z.string(), prediction: z.string() });
const InventedRow = z.object({
  domain: z.string(),
  input: z.string(),
  answer: z.string(),
  rationale: z.string(),
  prediction: z.string(),
});

/** Throws an `Error` naming file and line when a recording cannot be read. */
export function recordedTeacher(folder: string): EmbeddedTeacher {
  const recordings = new Map(
    readLines(join(folder, 'teacher.jsonl'), Recording).map((line) => [line.id, spoken(line)]),
  );
  const answers = new Map<string, string>();
  for (const row of readLines(join(folder, 'train.jsonl'), TrainingRow)) {
    const answer = recordings.get(row.id);
    const key = textKey(row.input, row.answer);
    // Repeats of a row: the first recording speaks for all.
    if (answer !== undefined && !answers.has(key)) answers.set(key, answer);
  }
  const invented = readLines(join(folder, 'synthetic.jsonl'), InventedRow);
  const reserve = new Reserve(invented, (row) => row.domain);
  const readBlind = new Map(invented.map((row) => [row.input.trim(), spoken(row)]));
  return {
    fingerprint: 'embedded-recorded-teacher',
    answer: (question) => {
      if (question.kind === 'annotate') {
        const answer = answers.get(textKey(question.text, question.label));
        if (answer !== undefined) return answer;
        throw new ApiError(422, 'The recording holds no answer for this text and label.', { code: 'not_recorded' });
      }
      if (question.kind === 'verify') {
        const answer = readBlind.get(question.text.trim());
        if (answer !== undefined) return answer;
        throw new ApiError(422, 'The recording holds no invented row with this text.', { code: 'not_recorded' });
      }
      const row = reserve.take(question.label, question.runSeed, question.ordinal);
      if (!row) throw supplyExhausted(question.label, question.ordinal);
      return formatSynthesis({ input: row.input, rationale: spoken(row), answer: row.answer });
    },
  };
}

function spoken(recording: { rationale: string; prediction: string }): string {
  return `${recording.rationale}\n${answerLine(recording.prediction)}`;
}

/** Importers may trim a text, so the space around it does not count. */
function textKey(text: string, label: string): string {
  return `${text.trim()}\0${label}`;
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
