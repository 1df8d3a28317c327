/**
 * The log-linear student: p(next word) from the features (none), (previous), (two previous) and
 * (input word, previous), exact and deterministic. The vocabulary is divided into classes by frequency and
 * p(word) = p(class) p(word | class), so a step costs twice the square root of the vocabulary instead of all of it.
 * Weights live in rows addressed by the hash of the feature; rows that collide share their weights.
 */
import { z } from 'zod';
import type { TrainedModel } from '../model-file.ts';
import type { Alternative, Generated, Student, TokenScore } from '../student.ts';
import { mix32 } from '../token-hash.ts';
import { bos, cueMark, inputRegion } from '../tokens.ts';
import { endOfSequence, firstOutput, unknownWord, WordTokenizer } from './words.ts';

/** Floats of the weight table, 8 MB; only rows in use are stored. */
export const tableSize = 2 ** 21;
const mostInputWords = 12;
const generatedByDefault = 512;

export const LogLinearHeader = z.object({
  vocabulary: z.array(z.string()),
  /** Hashes of the input words that may serve as features, the most telling first. */
  inputWords: z.array(z.number()),
});

export class LogLinear implements Student {
  readonly tokenizer: WordTokenizer;
  readonly outputs: number;
  /** Words a class and classes at most: the length of a row of weights. */
  readonly width: number;
  readonly rows: number;
  readonly weights: Float32Array;
  readonly #inputRank: Map<number, number>;

  constructor(header: z.infer<typeof LogLinearHeader>, weights: Float32Array) {
    this.tokenizer = new WordTokenizer(header.vocabulary);
    this.#inputRank = new Map(header.inputWords.map((word, rank) => [word, rank]));
    this.outputs = header.vocabulary.length + 2;
    this.width = Math.ceil(Math.sqrt(this.outputs)) + 1;
    this.rows = Math.floor(tableSize / this.width);
    this.weights = weights;
  }

  /** From the file: the numbers of the rows in use, then their weights. */
  static load(model: TrainedModel): LogLinear {
    const student = new LogLinear(LogLinearHeader.parse(model.header), new Float32Array(tableSize));
    const [used, values] = model.arrays;
    if (!used || !(values instanceof Float32Array)) throw new Error('not a log-linear model');
    for (const [at, row] of used.entries()) {
      student.weights.set(values.subarray(at * student.width, (at + 1) * student.width), row * student.width);
    }
    return student;
  }

  encode(text: string, pieces?: string[]): number[] {
    return this.tokenizer.encode(text, pieces);
  }

  decode(id: number): string {
    return this.tokenizer.decode(id);
  }

  /** The most informative words of the input; none where the prompt has no input. */
  inputWords(ids: readonly number[], end: number): number[] {
    const [from, to] = inputRegion(ids, end);
    if (from === 0) return [];
    const ranks = new Map<number, number>();
    for (const id of ids.slice(from, to)) {
      const word = this.tokenizer.normalOf(id);
      const rank = this.#inputRank.get(word);
      if (rank !== undefined) ranks.set(word, rank);
    }
    const known = [...ranks].sort(([, a], [, b]) => a - b);
    return known.slice(0, mostInputWords).map(([word]) => word);
  }

  features(words: readonly number[], before: number, previous: number): number[] {
    const here = mix32(previous + 0x9e3779b9);
    // The first feature is always there: what is likely anywhere, for contexts never seen.
    const features = [0, here, mix32(here ^ mix32(before + 0x7f4a7c15))];
    for (const word of words) features.push(mix32(here ^ Math.imul(word, 0x85ebca6b)));
    return features;
  }

  /** Where the weights of a feature begin: for the choice of class (-1) or of a word in a class. */
  row(feature: number, choice: number): number {
    return (mix32(feature + Math.imul(choice + 2, 0x61c88647)) % this.rows) * this.width;
  }

  /** Natural log probabilities of one choice, into `into`; `size` options. */
  choose(features: readonly number[], choice: number, size: number, into: Float64Array): void {
    into.fill(0, 0, size);
    const { weights } = this;
    for (const feature of features) {
      const row = this.row(feature, choice);
      for (let at = 0; at < size; at++) into[at] = (into[at] ?? 0) + (weights[row + at] ?? 0);
    }
    let highest = -Infinity;
    for (let at = 0; at < size; at++) highest = Math.max(highest, into[at] ?? 0);
    let sum = 0;
    for (let at = 0; at < size; at++) sum += Math.exp((into[at] ?? 0) - highest);
    const normalizer = highest + Math.log(sum);
    for (let at = 0; at < size; at++) into[at] = (into[at] ?? 0) - normalizer;
  }

  /**
   * End-of-sequence is a class of its own: the choice of class is learnt at every word, so that it does not come up in
   * contexts where it was never seen. The other outputs are divided by frequency into classes of `width`.
   */
  get classes(): number {
    return 1 + Math.ceil((this.outputs - 1) / this.width);
  }

  classOf(output: number): number {
    return output === endOfSequence ? 0 : 1 + Math.floor((output - 1) / this.width);
  }

  firstOf(index: number): number {
    return index === 0 ? endOfSequence : 1 + (index - 1) * this.width;
  }

  classSize(index: number): number {
    return index === 0 ? 1 : Math.min(this.width, this.outputs - this.firstOf(index));
  }

  score(ids: readonly number[], top: number): (TokenScore | null)[] {
    const start = answerStart(ids);
    const words = this.inputWords(ids, start);
    const promptWord = -Math.log(this.outputs);
    return ids.map((id, at) => {
      if (at === 0) return null;
      // The student models answers; a prompt's own words are uniform.
      if (at < start) return { logprob: promptWord, top: top > 0 ? [[this.decode(id), promptWord]] : [] };
      const place = new Place(this, this.#featuresAt(ids, start, at, words));
      return { logprob: place.logprob(this.tokenizer.outputOf(id)), top: place.top(top) };
    });
  }

  generate(ids: readonly number[], limits: { readonly maxTokens: number; readonly top: number }): Generated {
    const start = answerStart(ids);
    const words = this.inputWords(ids, start);
    const sequence = [...ids];
    const scores: TokenScore[] = [];
    const limit = Math.min(limits.maxTokens, generatedByDefault);
    while (scores.length < limit) {
      const place = new Place(this, this.#featuresAt(sequence, start, sequence.length, words));
      const { output, logprob } = place.best();
      if (output === endOfSequence) return { ids: sequence.slice(ids.length), scores, finish: 'stop' };
      sequence.push(output + firstOutput);
      scores.push({
        logprob,
        top:
          limits.top > 1
            ? place.top(limits.top)
            : limits.top === 1
              ? [[this.decode(output + firstOutput), logprob]]
              : [],
      });
    }
    return { ids: sequence.slice(ids.length), scores, finish: 'length' };
  }

  #featuresAt(ids: readonly number[], start: number, at: number, words: readonly number[]): number[] {
    const before = at - 2 >= start ? (ids[at - 2] ?? bos) : bos;
    const previous = at - 1 >= start ? (ids[at - 1] ?? bos) : bos;
    return this.features(words, before, previous);
  }
}

/** The answer begins after the cue, or after BOS where there is no prompt. */
function answerStart(ids: readonly number[]): number {
  const cue = ids.lastIndexOf(cueMark);
  return cue !== -1 ? cue + 1 : ids[0] === bos ? 1 : 0;
}

/** The distribution over the next word at one place, computed as far as it is asked for. */
class Place {
  readonly #student: LogLinear;
  readonly #features: readonly number[];
  readonly #classes: Float64Array;
  readonly #words: Float64Array;

  constructor(student: LogLinear, features: readonly number[]) {
    this.#student = student;
    this.#features = features;
    this.#classes = new Float64Array(student.classes);
    this.#words = new Float64Array(student.width);
    student.choose(features, -1, student.classes, this.#classes);
  }

  logprob(output: number): number {
    const index = this.#student.classOf(output);
    this.#student.choose(this.#features, index, this.#student.classSize(index), this.#words);
    return (this.#classes[index] ?? 0) + (this.#words[output - this.#student.firstOf(index)] ?? 0);
  }

  /** The likeliest word but the unknown one: no class less likely than the best word found can hold a better one. */
  best(): { output: number; logprob: number } {
    let output = endOfSequence;
    let logprob = -Infinity;
    for (const [index, inClass] of this.#likeliestClasses()) {
      if (inClass <= logprob) break;
      const size = this.#student.classSize(index);
      this.#student.choose(this.#features, index, size, this.#words);
      for (let at = 0; at < size; at++) {
        const candidate = this.#student.firstOf(index) + at;
        const found = inClass + (this.#words[at] ?? 0);
        if (found > logprob && candidate !== unknownWord) [output, logprob] = [candidate, found];
      }
    }
    return { output, logprob };
  }

  /** The likeliest words of the three likeliest classes, each with its exact log probability. */
  top(count: number): Alternative[] {
    if (count === 0) return [];
    return this.#likeliestClasses()
      .slice(0, 3)
      .flatMap(([index]) => this.#wordsOf(index))
      .sort((a, b) => b.logprob - a.logprob)
      .slice(0, count)
      .map(({ output, logprob }) => [this.#student.decode(output + firstOutput), logprob]);
  }

  #likeliestClasses(): [number, number][] {
    return [...this.#classes.entries()].sort(([, a], [, b]) => b - a);
  }

  #wordsOf(index: number): { output: number; logprob: number }[] {
    const size = this.#student.classSize(index);
    this.#student.choose(this.#features, index, size, this.#words);
    const first = this.#student.firstOf(index);
    const inClass = this.#classes[index] ?? 0;
    return Array.from({ length: size }, (_, at) => ({ output: first + at, logprob: inClass + (this.#words[at] ?? 0) }));
  }
}
