/** Text completion by a student, one prompt at a time: echo, scores and generation, before any JSON is made of it. */
import { ApiError } from '../api-error.ts';
import type { Generated, Student, TokenScore } from './student.ts';
import { bos } from './tokens.ts';

/** Most tokens of a prompt; the models could take more, but the published limit holds. */
export const longestSequence = 131_072;

export interface CompletionOptions {
  readonly maxTokens: number;
  readonly echo: boolean;
  /** Alternatives a token; null: no log probabilities at all. */
  readonly logprobs: number | null;
  readonly stop: readonly string[];
  readonly addSpecialTokens: boolean;
}

export interface Completion {
  readonly promptIds: readonly number[];
  readonly ids: readonly number[];
  /** Text of the tokens that are returned: the prompt's too under `echo`. Their concatenation is the text. */
  readonly pieces: readonly string[];
  readonly scores: readonly (TokenScore | null)[] | null;
  readonly finish: 'stop' | 'length';
}

/**
 * A prompt as text starts with BOS unless `addSpecialTokens` is off; a prompt as ids is taken as it is. Throws the API's
 * `context_length_exceeded` for one that is too long.
 */
export function complete(student: Student, prompt: string | readonly number[], options: CompletionOptions): Completion {
  const promptPieces: string[] = [];
  const promptIds = typeof prompt === 'string' ? encodePrompt(student, prompt, options, promptPieces) : prompt;
  if (promptIds.length > longestSequence) throw tooLong(promptIds.length);
  if (typeof prompt !== 'string' && options.echo) for (const id of prompt) promptPieces.push(student.decode(id));
  const top = options.logprobs ?? 0;
  const generated: Generated =
    options.maxTokens === 0
      ? { ids: [], scores: [], finish: 'length' }
      : student.generate(promptIds, { maxTokens: options.maxTokens, top });
  const { pieces, finish } = cutAtStop(generated, student, options.stop);
  const scores = generated.scores.slice(0, pieces.length);
  const echoed = options.echo && options.logprobs !== null ? student.score(promptIds, top) : [];
  return {
    promptIds,
    ids: generated.ids.slice(0, pieces.length),
    pieces: options.echo ? [...promptPieces, ...pieces] : pieces,
    scores: options.logprobs === null ? null : [...echoed, ...scores],
    finish,
  };
}

function tooLong(tokens: number): ApiError {
  const message = `This model's maximum context length is ${longestSequence} tokens, and the prompt has ${tokens}.`;
  return new ApiError(400, message, { code: 'context_length_exceeded', param: 'prompt' });
}

function encodePrompt(student: Student, text: string, options: CompletionOptions, pieces: string[]): number[] {
  const start = options.addSpecialTokens ? [bos] : [];
  if (!options.echo) return [...start, ...student.encode(text)];
  // BOS has no text of its own, so that the pieces always add up to the echoed text.
  if (options.addSpecialTokens) pieces.push('');
  return [...start, ...student.encode(text, pieces)];
}

/** Ends before the first stop text, which is not part of the output; a token it cuts through is kept in part. */
function cutAtStop(
  generated: Generated,
  student: Student,
  stop: readonly string[],
): { pieces: string[]; finish: 'stop' | 'length' } {
  const pieces: string[] = [];
  let text = '';
  for (const id of generated.ids) {
    const piece = student.decode(id);
    const before = text.length;
    text += piece;
    const found = stop.map((end) => text.indexOf(end)).filter((at) => at !== -1);
    if (found.length > 0) {
      const kept = text.slice(before, Math.max(before, Math.min(...found)));
      if (kept !== '') pieces.push(kept);
      return { pieces, finish: 'stop' };
    }
    pieces.push(piece);
  }
  return { pieces, finish: generated.finish };
}
