/** How likely an answer is before the question is known: its pieces by their counts in training. */

const alpha = 0.5;

export class AnswerPrior {
  readonly #counts: Map<string, number>;
  readonly #total: number;

  /** `counts`: how often each piece of an answer was trained on. */
  constructor(counts: readonly (readonly [string, number])[]) {
    this.#counts = new Map(counts);
    this.#total = counts.reduce((sum, [, count]) => sum + count, 0) + alpha * (counts.length + 1);
  }

  /** All pieces that were never seen share the probability of one. */
  logprob(pieces: readonly string[]): number {
    return pieces.reduce((sum, piece) => sum + Math.log(((this.#counts.get(piece) ?? 0) + alpha) / this.#total), 0);
  }
}
