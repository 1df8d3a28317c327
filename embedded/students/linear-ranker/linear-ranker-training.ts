/**
 * Training of the ranking students: AdaGrad on the cross-entropy between the softmax over a row's candidates and their
 * rewards, the best ones weighing most; rows in seeded order. A row whose candidates are all wrong teaches only how
 * answers look. Of more than 200 candidates all good ones and a seeded sample of the others are used.
 */
import { seededRandom } from '../../../domain/random.ts';
import { featureSpace } from '../candidates/candidate.ts';
import type { Candidate, Remembered } from '../candidates/candidate.ts';
import { families } from '../candidates/families.ts';
import type { RankerBase } from '../candidates/families.ts';
import { normalize, scoreOf } from './linear-ranker.ts';
import { promptParts } from '../prompt-parts.ts';
import { answerOf } from '../training.ts';
import type { Training, TrainingOptions, TrainingRow } from '../training.ts';

const mostEpochs = 8;
const mostCandidates = 200;
const rate = 0.1;
const firstSquare = 0.1;
/** Pulls every weight that is touched towards zero. */
const decay = 1e-3;
/** Rewards count to this power: a half-right answer is worth much less than half of a right one. */
const sharpness = 4;

interface Lesson {
  readonly candidates: readonly Candidate[];
  /** The wanted probabilities. */
  readonly wanted: readonly number[];
}

export function* trainLinearRanker(base: RankerBase, rows: readonly TrainingRow[], options: TrainingOptions): Training {
  const { open, pieces, rewardFor, remembers } = families[base];
  const counts = new Map<string, number>();
  const remembered: Remembered[] = [];
  for (const row of rows) {
    const answer = answerOf(row);
    for (const piece of pieces(answer)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    const { passage, question } = promptParts(row.prompt);
    if (remembers && passage === '') remembered.push({ question, answer });
  }
  yield undefined;
  const shared = open(remembered);
  const lessons: Lesson[] = [];
  for (const [index, row] of rows.entries()) {
    const answer = answerOf(row);
    const { passage, question } = promptParts(row.prompt);
    // A question that is remembered itself would be no lesson: it learns from the others.
    const alone = remembers && passage === '';
    const candidates = alone ? open(remembered.filter((other) => other.question !== question)) : shared;
    const lesson = lessonOf(candidates.of(row.prompt), rewardFor(answer), options.seed + index);
    if (lesson !== undefined) lessons.push(lesson);
    yield undefined;
  }
  const learner = new Learner();
  const epochs = Math.max(1, Math.min(options.epochs ?? mostEpochs, mostEpochs));
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    let loss = 0;
    for (const lesson of seededRandom(options.seed, 'epoch', epoch).shuffle(lessons)) {
      loss += learner.learn(lesson);
      step += 1;
      yield undefined;
    }
    if (lessons.length > 0) yield { step, loss: loss / lessons.length };
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return { header: { counts: sorted, remembered }, arrays: [learner.weights] };
}

function lessonOf(all: readonly Candidate[], reward: (answer: string) => number, seed: number): Lesson | undefined {
  const worth = all.map(({ answer }) => reward(answer) ** sharpness);
  const best = Math.max(0, ...worth);
  if (best === 0) return undefined;
  const good = [...all.keys()].filter((at) => (worth[at] ?? 0) > best / 4);
  const rest = [...all.keys()].filter((at) => (worth[at] ?? 0) <= best / 4);
  const room = Math.max(0, mostCandidates - good.length);
  const kept = [...good, ...(rest.length <= room ? rest : seededRandom(seed, 'candidates').sample(rest, room))];
  const total = kept.reduce((sum, at) => sum + (worth[at] ?? 0), 0);
  return {
    candidates: kept.flatMap((at) => all[at] ?? []),
    wanted: kept.map((at) => (worth[at] ?? 0) / total),
  };
}

class Learner {
  readonly weights = new Float32Array(featureSpace);
  readonly #squares = new Float32Array(featureSpace);
  readonly #slopes = new Float64Array(featureSpace);

  /** One step; returns the cross-entropy before it. */
  learn({ candidates, wanted }: Lesson): number {
    const logprobs = Float64Array.from(candidates, (candidate) => scoreOf(this.weights, candidate));
    normalize(logprobs);
    const touched: number[] = [];
    let loss = 0;
    for (const [at, { features, values }] of candidates.entries()) {
      const logprob = logprobs[at] ?? 0;
      const target = wanted[at] ?? 0;
      loss -= target * logprob;
      const slope = Math.exp(logprob) - target;
      if (Math.abs(slope) < 1e-4) continue;
      for (let index = 0; index < features.length; index += 1) {
        const feature = features[index] ?? 0;
        const before = this.#slopes[feature] ?? 0;
        if (before === 0) touched.push(feature);
        this.#slopes[feature] = before + slope * (values[index] ?? 0);
      }
    }
    for (const feature of touched) this.#move(feature);
    return loss;
  }

  #move(feature: number): void {
    const raw = this.#slopes[feature] ?? 0;
    if (raw === 0) return;
    this.#slopes[feature] = 0;
    const weight = this.weights[feature] ?? 0;
    const slope = raw + decay * weight;
    const square = (this.#squares[feature] ?? 0) + slope * slope;
    this.#squares[feature] = square;
    this.weights[feature] = weight - (rate * slope) / Math.sqrt(square + firstSquare);
  }
}
