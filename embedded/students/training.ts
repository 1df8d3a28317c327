import type { TrainingPoint } from '../state/jobs.ts';
import type { TrainedModel } from './model-file.ts';

/** One row of a training file: the prompt's text and what the student shall write after it. */
export interface TrainingRow {
  readonly line: number;
  readonly prompt: string;
  readonly target: string;
}

export interface TrainingOptions {
  readonly seed: number;
  /** `n_epochs` of the request; null: the student's own choice. */
  readonly epochs: number | null;
}

/**
 * Training as a generator: every `yield` is a place to rest, at most a few milliseconds after the last one, with a
 * point of the curve now and then. The result depends on rows and options alone.
 */
export type Training = Generator<TrainingPoint | undefined, TrainedModel>;

/** A row that cannot teach this student; becomes the job's error. */
export class TrainingRowError extends Error {
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.name = 'TrainingRowError';
  }
}

/** The input inside a student's prompt: the same region that `inputRegion` finds in token space. */
export function inputOf(prompt: string): string {
  const start = prompt.indexOf('\n\nText:\n');
  const end = prompt.lastIndexOf("\n\nLet's think step by step.");
  return start !== -1 && end > start ? prompt.slice(start + '\n\nText:\n'.length, end) : prompt;
}

/** The answer that a row teaches; throws `TrainingRowError` where its target has no answer line. */
export function answerOf(row: TrainingRow): string {
  const at = row.target.lastIndexOf('The answer is:');
  const answer =
    row.target
      .slice(at + 'The answer is:'.length)
      .split('\n')[0]
      ?.trim() ?? '';
  if (at === -1 || answer === '')
    throw new TrainingRowError(row.line, 'the assistant message has no "The answer is:" line');
  return answer;
}
