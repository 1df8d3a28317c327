/**
 * Training of the log-linear student: AdaGrad, one word at a time, rows in seeded order. Kept to seconds a stage:
 * a vocabulary of the 2,046 commonest target words, targets cut to 48 words (the first 36 and the last 12, so the answer
 * stays), words beyond the vocabulary left out of what is learnt (it could not write them), and as many epochs as
 * asked for but at most 8 and at most 250,000 words in all (never less than one epoch).
 */
import type { z } from 'zod';
import { seededRandom } from '../../../domain/random.ts';
import { InputWords } from './input-words.ts';
import { LogLinear, type LogLinearHeader, tableSize } from './log-linear.ts';
import type { TrainedModel } from '../model-file.ts';
import { bos } from '../tokens.ts';
import type { Training, TrainingOptions, TrainingRow } from '../training.ts';
import { endOfSequence, firstOutput, tokensOf, unknownWord } from './words.ts';

const vocabularySize = 2046;
const headWords = 36;
const tailWords = 12;
const mostEpochs = 8;
const mostWords = 250_000;
const rate = 0.1;
const firstSquare = 0.1;
const curvePoints = 20;

interface Prepared {
  readonly words: readonly number[];
  readonly targets: readonly number[];
}

export function* trainLogLinear(rows: readonly TrainingRow[], options: TrainingOptions): Training {
  const targets: string[][] = [];
  const counts = new Map<string, number>();
  const inputWords = new InputWords();
  for (const row of rows) {
    const words = tokensOf(row.target);
    const kept =
      words.length <= headWords + tailWords ? words : [...words.slice(0, headWords), ...words.slice(-tailWords)];
    targets.push(kept);
    const ending = kept.at(-1) ?? '';
    for (const word of kept) counts.set(word, (counts.get(word) ?? 0) + 1);
    // However rare a label is, it belongs to the vocabulary.
    counts.set(ending, (counts.get(ending) ?? 0) + rows.length);
    inputWords.count(row, ending);
    yield undefined;
  }
  const header = {
    vocabulary: [...counts]
      .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
      .slice(0, vocabularySize)
      .map(([word]) => word),
    inputWords: yield* inputWords.ranked(),
  };
  const student = new LogLinear(header, new Float32Array(tableSize));
  const learner = new Learner(student);
  const prepared: Prepared[] = [];
  for (const [index, row] of rows.entries()) {
    const ids = student.encode(row.prompt);
    const outputs = student.encode((targets[index] ?? []).join('')).map((id) => student.tokenizer.outputOf(id));
    const known = outputs.filter((output) => output !== unknownWord);
    prepared.push({ words: student.inputWords(ids, ids.length), targets: [...known, endOfSequence] });
    yield undefined;
  }
  const words = prepared.reduce((sum, row) => sum + row.targets.length, 0);
  const epochs = Math.max(1, Math.min(options.epochs ?? 3, mostEpochs, Math.floor(mostWords / words)));
  const steps = epochs * prepared.length;
  let step = 0;
  let loss = 0;
  let seen = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const row of seededRandom(options.seed, 'epoch', epoch).shuffle(prepared)) {
      loss += learner.learn(row);
      seen += row.targets.length;
      step += 1;
      const ended = Math.floor((step * curvePoints) / steps) > Math.floor(((step - 1) * curvePoints) / steps);
      yield ended ? { step, loss: loss / seen } : undefined;
      if (ended) [loss, seen] = [0, 0];
    }
  }
  return pack(student, header);
}

class Learner {
  readonly #student: LogLinear;
  readonly #squares = new Float32Array(tableSize);
  readonly #options: Float64Array;

  constructor(student: LogLinear) {
    this.#student = student;
    this.#options = new Float64Array(student.width);
  }

  /** One pass over a target; returns the sum of its negative log-likelihoods before each step. */
  learn(row: Prepared): number {
    const { classes } = this.#student;
    let loss = 0;
    let before = bos;
    let previous = bos;
    for (const output of row.targets) {
      const features = this.#student.features(row.words, before, previous);
      const index = this.#student.classOf(output);
      loss += this.#step(features, -1, classes, index);
      loss += this.#step(features, index, this.#student.classSize(index), output - this.#student.firstOf(index));
      before = previous;
      previous = output + firstOutput;
    }
    return loss;
  }

  #step(features: readonly number[], choice: number, size: number, right: number): number {
    const student = this.#student;
    const options = this.#options;
    student.choose(features, choice, size, options);
    const loss = -(options[right] ?? 0);
    for (let at = 0; at < size; at++) options[at] = Math.exp(options[at] ?? 0) - (at === right ? 1 : 0);
    const { weights } = student;
    const squares = this.#squares;
    for (const feature of features) {
      const row = student.row(feature, choice);
      for (let at = 0; at < size; at++) {
        const slope = options[at] ?? 0;
        const square = (squares[row + at] ?? 0) + slope * slope;
        squares[row + at] = square;
        weights[row + at] = (weights[row + at] ?? 0) - (rate * slope) / Math.sqrt(square + firstSquare);
      }
    }
    return loss;
  }
}

function pack(student: LogLinear, header: z.infer<typeof LogLinearHeader>): TrainedModel {
  const used: number[] = [];
  for (let row = 0; row < student.rows; row++) {
    const weights = student.weights.subarray(row * student.width, (row + 1) * student.width);
    if (weights.some((weight) => weight !== 0)) used.push(row);
  }
  const values = new Float32Array(used.length * student.width);
  for (const [at, row] of used.entries()) {
    values.set(student.weights.subarray(row * student.width, (row + 1) * student.width), at * student.width);
  }
  return { header, arrays: [Uint32Array.from(used), values] };
}
