/**
 * The label-only student: multinomial naive Bayes: alpha 0.05, label counts +
 * 0.001 as prior, words `[a-z]+` of the lower-cased training inputs, other words ignored. It writes one token, the
 * answer line, with log p(label | input); after no input at all that is the prior, so log IFD = log p(c) - log p(c|x).
 * It models labels only: every other word is uniform over its vocabulary, one tenth of that for what is no word.
 */
import { z } from 'zod';
import { answeredLabel, answerToken, declaredLabel, labelNumber, LabelTokenizer } from './label-tokens.ts';
import type { TrainedModel } from '../model-file.ts';
import type { Alternative, Generated, Student, TokenScore } from '../student.ts';
import { hashedWord, hashedWords, inputRegion } from '../tokens.ts';

const alpha = 0.05;
const priorCount = 0.001;

export const NaiveBayesHeader = z.object({ labels: z.array(z.string()), words: z.array(z.string()) });

export class NaiveBayes implements Student {
  readonly #labels: readonly string[];
  readonly #labelIndex: Map<number, number>;
  readonly #wordIndex = new Map<number, number>();
  readonly #prior: Float64Array;
  /** log p(word | label), one row of labels a word. */
  readonly #matrix: Float64Array;
  readonly #vocabulary: number;
  readonly #tokenizer: LabelTokenizer;

  /** `model` is what `trainNaiveBayes` returned: counts of labels, then (label, count) pairs by word. */
  constructor(model: TrainedModel) {
    const { labels, words } = NaiveBayesHeader.parse(model.header);
    const [labelCounts, starts, pairLabels, pairCounts] = model.arrays;
    if (!labelCounts || !starts || !pairLabels || !pairCounts) throw new Error('not a naive Bayes model');
    this.#labels = labels;
    this.#labelIndex = new Map(labels.map((label, index) => [labelNumber(label), index]));
    for (const [index, word] of words.entries()) this.#wordIndex.set(hashedWord(word), index);
    this.#vocabulary = words.length;
    this.#tokenizer = new LabelTokenizer(words, labels);
    this.#prior = Float64Array.from(labelCounts, (count) => Math.log(count + priorCount));
    const totals = new Float64Array(labels.length).fill(alpha * words.length);
    for (const [at, label] of pairLabels.entries()) totals[label] = (totals[label] ?? 0) + (pairCounts[at] ?? 0);
    this.#matrix = new Float64Array(words.length * labels.length);
    const unseen = totals.map((total) => Math.log(alpha / total));
    for (let word = 0; word < words.length; word++) {
      const row = word * labels.length;
      this.#matrix.set(unseen, row);
      for (let at = starts[word] ?? 0; at < (starts[word + 1] ?? 0); at++) {
        const label = pairLabels[at] ?? 0;
        this.#matrix[row + label] = Math.log(((pairCounts[at] ?? 0) + alpha) / (totals[label] ?? 1));
      }
    }
  }

  encode(text: string, pieces?: string[]): number[] {
    return this.#tokenizer.encode(text, pieces);
  }

  decode(id: number): string {
    return this.#tokenizer.decode(id);
  }

  score(ids: readonly number[], top: number): (TokenScore | null)[] {
    const uniform = -Math.log(this.#vocabulary + 1);
    return ids.map((id, at) => {
      if (at === 0) return null;
      const label = answeredLabel(id);
      if (label !== undefined) {
        const answers = this.#answers(ids, at);
        return { logprob: answers.logprobOf(label), top: answers.top(top) };
      }
      const logprob = uniform + (id >= hashedWords ? Math.log(0.9) : Math.log(0.1));
      return { logprob, top: top > 0 ? [[this.decode(id), logprob]] : [] };
    });
  }

  generate(ids: readonly number[], limits: { readonly maxTokens: number; readonly top: number }): Generated {
    if (limits.maxTokens < 1) return { ids: [], scores: [], finish: 'length' };
    const answers = this.#answers(ids, ids.length);
    const { id, logprob } = answers.best;
    return { ids: [id], scores: [{ logprob, top: answers.top(limits.top) }], finish: 'stop' };
  }

  /** The distribution over answer lines after `ids[0, end)`. Labels only the prompt declares were never seen. */
  #answers(ids: readonly number[], end: number): Answers {
    const width = this.#labels.length;
    const scores = Float64Array.from(this.#prior);
    const [from, to] = inputRegion(ids, end);
    let known = 0;
    for (let at = from; at < to; at++) {
      const word = this.#wordIndex.get(ids[at] ?? 0);
      if (word === undefined) continue;
      known += 1;
      const row = word * width;
      for (let label = 0; label < width; label++) {
        scores[label] = (scores[label] ?? 0) + (this.#matrix[row + label] ?? 0);
      }
    }
    const unseen = new Set<number>();
    for (let at = 0; at < from; at++) {
      const label = declaredLabel(ids[at] ?? 0);
      if (label !== undefined && !this.#labelIndex.has(label)) unseen.add(label);
    }
    const unseenScore = Math.log(priorCount) - known * Math.log(this.#vocabulary);
    return new Answers(this.#labels, this.#labelIndex, scores, [...unseen], unseenScore, this.#tokenizer);
  }
}

class Answers {
  readonly best: { readonly id: number; readonly logprob: number };
  readonly #all: Float64Array;
  readonly #ids: (index: number) => number;
  readonly #index: Map<number, number>;
  readonly #unseenLogprob: number;
  readonly #tokenizer: LabelTokenizer;

  constructor(
    labels: readonly string[],
    index: Map<number, number>,
    scores: Float64Array,
    unseen: readonly number[],
    unseenScore: number,
    tokenizer: LabelTokenizer,
  ) {
    this.#index = index;
    this.#tokenizer = tokenizer;
    const all = unseen.length === 0 ? scores : Float64Array.from([...scores, ...unseen.map(() => unseenScore)]);
    this.#ids = (at) =>
      at < labels.length ? answerToken(labels[at] ?? '') : 0x10000000 + (unseen[at - labels.length] ?? 0);
    let best = 0;
    for (let at = 1; at < all.length; at++) if ((all[at] ?? 0) > (all[best] ?? 0)) best = at;
    const highest = all[best] ?? 0;
    let sum = 0;
    for (const score of all) sum += Math.exp(score - highest);
    const normalizer = highest + Math.log(sum);
    for (let at = 0; at < all.length; at++) all[at] = (all[at] ?? 0) - normalizer;
    this.#all = all;
    this.#unseenLogprob = unseenScore - normalizer;
    this.best = { id: this.#ids(best), logprob: all[best] ?? 0 };
  }

  logprobOf(label: number): number {
    const at = this.#index.get(label);
    return at === undefined ? this.#unseenLogprob : (this.#all[at] ?? 0);
  }

  top(count: number): Alternative[] {
    if (count === 0) return [];
    if (count === 1) return [[this.#tokenizer.decode(this.best.id), this.best.logprob]];
    return [...this.#all.entries()]
      .sort(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([at, logprob]) => [this.#tokenizer.decode(this.#ids(at)), logprob]);
  }
}
