/**
 * A student that knows answers only: it writes the answer line after a prompt, with the exact probability its model
 * gives to the answer. After no prompt at all that is the model's prior, so `log IFD` compares the two. All other words
 * are uniform over a vocabulary of 2^16.
 */
import { hash32 } from './token-hash.ts';
import type { Alternative, Generated, Student, TokenScore } from './student.ts';
import { bos } from './tokens.ts';

/** What a model says about the answers to one prompt. */
export interface AnswerDistribution {
  /** The likeliest answer. */
  readonly best: string;
  /** Log of the probability of all answers that begin with these pieces; 0 for no pieces. */
  prefixLogprob(pieces: readonly string[]): number;
}

export interface AnswerModel {
  /** An answer cut into the pieces that are tokens; joined they are the answer. */
  pieces(answer: string): string[];
  /** `prompt`: the text of a student's prompt, empty for none. */
  answers(prompt: string): AnswerDistribution;
}

const lead = 'The answer is: ';
const otherWord = -Math.log(2 ** 16);
/** Ids are 44-bit hashes in one of three ranges: other text, the first piece of an answer with its lead, later pieces. */
const ranges = { text: 1, first: 2, later: 3 } as const;
type Range = (typeof ranges)[keyof typeof ranges];
const rangeSize = 2 ** 45;

export class AnswerStudent implements Student {
  readonly #model: AnswerModel;
  /** Text of every token seen so far: prompts return as ids, and a hash cannot be inverted. */
  readonly #texts = new Map<number, string>();

  constructor(model: AnswerModel) {
    this.#model = model;
  }

  encode(text: string, pieces: string[] = []): number[] {
    const ids: number[] = [];
    const add = (piece: string, range: Range): void => {
      ids.push(this.#token(piece, range));
      pieces.push(piece);
    };
    for (const part of text.split(/(The answer is: [^\n]*\S[^\n]*)/)) {
      if (!part.startsWith(lead)) for (const word of part.match(/\s*\S+|\s+/g) ?? []) add(word, ranges.text);
      else
        this.#answerPieces(part.slice(lead.length)).forEach((piece, at) =>
          add(piece, at === 0 ? ranges.first : ranges.later),
        );
    }
    return ids;
  }

  decode(id: number): string {
    return id === bos ? '' : (this.#texts.get(id) ?? '�');
  }

  score(ids: readonly number[], top: number): (TokenScore | null)[] {
    let open: { readonly distribution: AnswerDistribution; readonly pieces: string[]; logprob: number } | undefined;
    return ids.map((id, at) => {
      const range = Math.floor(id / rangeSize);
      const text = this.decode(id);
      if (range === ranges.first)
        open = { distribution: this.#model.answers(this.#textOf(ids.slice(0, at))), pieces: [], logprob: 0 };
      else if (range !== ranges.later) open = undefined;
      if (at === 0) return null;
      if (open === undefined) return scoreOf(text, otherWord, top);
      open.pieces.push(range === ranges.first ? text.slice(lead.length) : text);
      const before = open.logprob;
      open.logprob = open.distribution.prefixLogprob(open.pieces);
      return scoreOf(text, open.logprob - before, top);
    });
  }

  generate(ids: readonly number[], limits: { readonly maxTokens: number; readonly top: number }): Generated {
    const distribution = this.#model.answers(this.#textOf(ids));
    const answer = this.#model.pieces(distribution.best);
    const written = this.#answerPieces(distribution.best).slice(0, limits.maxTokens);
    let before = 0;
    const scores = written.map((text, at) => {
      const logprob = distribution.prefixLogprob(answer.slice(0, at + 1));
      const score = scoreOf(text, logprob - before, limits.top);
      before = logprob;
      return score;
    });
    return {
      ids: written.map((text, at) => this.#token(text, at === 0 ? ranges.first : ranges.later)),
      scores,
      finish: written.length < answer.length ? 'length' : 'stop',
    };
  }

  /** The answer line in tokens' texts: the first piece carries the lead. */
  #answerPieces(answer: string): string[] {
    return this.#model.pieces(answer).map((piece, at) => (at === 0 ? lead + piece : piece));
  }

  #textOf(ids: readonly number[]): string {
    return ids.map((id) => this.decode(id)).join('');
  }

  #token(text: string, range: Range): number {
    const id = range * rangeSize + (hash32(text) & 0xfff) * 2 ** 32 + hash32(`${text}\0`);
    this.#texts.set(id, text);
    return id;
  }
}

/** Of the likely tokens it returns the actual one. */
function scoreOf(text: string, logprob: number, top: number): TokenScore {
  const alternatives: Alternative[] = top > 0 ? [[text, logprob]] : [];
  return { logprob, top: alternatives };
}
