/** Training of the multi-label student: AdaGrad on the logistic loss of all labels at once, rows in seeded order. */
import { splitLabels } from '../../../domain/answers/label-set.ts';
import { seededRandom } from '../../../domain/random.ts';
import { chance, textOf, wordsOf } from './one-vs-rest.ts';
import type { WordWeights } from './one-vs-rest.ts';
import { answerOf, inputOf } from '../training.ts';
import type { Training, TrainingOptions, TrainingRow } from '../training.ts';

const mostEpochs = 8;
const rate = 0.5;
const firstSquare = 0.01;

interface Lesson {
  readonly text: WordWeights;
  readonly labels: ReadonlySet<number>;
}

export function* trainOneVsRest(rows: readonly TrainingRow[], options: TrainingOptions): Training {
  const documents = new Map<string, number>();
  const taught = new Map<string, number>();
  for (const row of rows) {
    for (const word of new Set(wordsOf(inputOf(row.prompt)))) documents.set(word, (documents.get(word) ?? 0) + 1);
    for (const label of splitLabels(answerOf(row))) taught.set(label, (taught.get(label) ?? 0) + 1);
    yield undefined;
  }
  const words = [...documents.keys()].sort();
  const labels = [...taught.keys()].sort();
  const index = new Map(words.map((word, at) => [word, at]));
  const numbers = new Map(labels.map((label, at) => [label, at]));
  const rarity = Float32Array.from(words, (word) => Math.log((1 + rows.length) / (documents.get(word) ?? 1)));
  const lessons: Lesson[] = [];
  for (const row of rows) {
    const own = splitLabels(answerOf(row)).flatMap((label) => numbers.get(label) ?? []);
    lessons.push({ text: textOf(inputOf(row.prompt), index, rarity), labels: new Set(own) });
    yield undefined;
  }
  const prior = Float32Array.from(labels, (label) => (taught.get(label) ?? 0) / rows.length);
  const weights = new Float32Array((words.length + 1) * labels.length);
  // Every label starts as likely as it was taught.
  for (const [label, share] of prior.entries()) weights[label] = Math.log((share + 1e-3) / (1 - share + 1e-3));
  const squares = new Float32Array(weights.length);
  const epochs = Math.max(1, Math.min(options.epochs ?? mostEpochs, mostEpochs));
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    let loss = 0;
    for (const lesson of seededRandom(options.seed, 'epoch', epoch).shuffle(lessons)) {
      loss += learn(weights, squares, labels.length, lesson);
      step += 1;
      yield undefined;
    }
    yield { step, loss: loss / rows.length };
  }
  return { header: { labels, words }, arrays: [rarity, weights, prior] };
}

/** One step; returns the sum of the labels' losses before it. */
function learn(weights: Float32Array, squares: Float32Array, labels: number, { text, labels: own }: Lesson): number {
  let loss = 0;
  for (let label = 0; label < labels; label += 1) {
    const share = chance(weights, labels, label, text);
    const slope = share - (own.has(label) ? 1 : 0);
    loss -= Math.log(Math.max(1e-9, own.has(label) ? share : 1 - share));
    if (Math.abs(slope) < 1e-4) continue;
    move(weights, squares, label, slope);
    for (const [word, weight] of text) move(weights, squares, (word + 1) * labels + label, slope * weight);
  }
  return loss;
}

function move(weights: Float32Array, squares: Float32Array, at: number, slope: number): void {
  const square = (squares[at] ?? 0) + slope * slope;
  squares[at] = square;
  weights[at] = (weights[at] ?? 0) - (rate * slope) / Math.sqrt(square + firstSquare);
}
