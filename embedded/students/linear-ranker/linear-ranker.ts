/**
 * A linear student that ranks candidates: p(candidate | prompt) is a softmax over the weights of its features. It gives
 * 99 % of the probability to its candidates and 1 % to what it knows of answers in general (`AnswerPrior`), so every
 * answer has an exact probability above zero. Candidates that say the same answer add up.
 */
import { z } from 'zod';
import { AnswerPrior } from './answer-prior.ts';
import { AnswerStudent } from '../answer-student.ts';
import type { AnswerDistribution } from '../answer-student.ts';
import type { Candidate } from '../candidates/candidate.ts';
import { families } from '../candidates/families.ts';
import type { Family, RankerBase } from '../candidates/families.ts';
import type { TrainedModel } from '../model-file.ts';

export const RankerHeader = z.object({
  counts: z.array(z.tuple([z.string(), z.number()])),
  remembered: z.array(z.object({ question: z.string(), answer: z.string() })),
});

/** Share of the probability that lies outside the candidates. */
const outside = 0.01;
/** Answers that are weighed against each other before one is written. */
const weighed = 10;

export function linearRanker(base: RankerBase, model: TrainedModel): AnswerStudent {
  const { counts, remembered } = RankerHeader.parse(model.header);
  const [weights] = model.arrays;
  if (!(weights instanceof Float32Array)) throw new Error('not a ranking model');
  const family = families[base];
  const { open, pieces } = family;
  const candidates = open(remembered);
  const prior = new AnswerPrior(counts);
  const likeliest = counts.toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
  return new AnswerStudent({
    pieces,
    answers: (prompt) => {
      const found = prompt.trim() === '' ? [] : candidates.of(prompt);
      const logprobs = Float64Array.from(found, (candidate) => scoreOf(weights, candidate));
      normalize(logprobs);
      return found.length === 0 ? unconditional(prior, likeliest) : mixture(found, logprobs, prior, family);
    },
  });
}

export function scoreOf(weights: Float32Array, { features, values }: Candidate): number {
  let score = 0;
  for (let at = 0; at < features.length; at += 1) score += (weights[features[at] ?? 0] ?? 0) * (values[at] ?? 0);
  return score;
}

/** Scores become natural log probabilities. */
export function normalize(scores: Float64Array): void {
  let highest = -Infinity;
  for (const score of scores) highest = Math.max(highest, score);
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - highest);
  const all = highest + Math.log(sum);
  for (let at = 0; at < scores.length; at += 1) scores[at] = (scores[at] ?? 0) - all;
}

function unconditional(prior: AnswerPrior, best: string): AnswerDistribution {
  return { best, prefixLogprob: (pieces) => prior.logprob(pieces) };
}

function mixture(
  found: readonly Candidate[],
  logprobs: Float64Array,
  prior: AnswerPrior,
  family: Family,
): AnswerDistribution {
  const masses = new Map<string, number>();
  for (const [at, { answer }] of found.entries()) {
    masses.set(answer, (masses.get(answer) ?? 0) + Math.exp(logprobs[at] ?? -Infinity));
  }
  return {
    best: mostWorth(masses, family),
    prefixLogprob: (pieces) => {
      if (pieces.length === 0) return 0;
      const begun = pieces.join('');
      let inside = 0;
      for (const [answer, mass] of masses) {
        if (answer.startsWith(begun) && beginsWith(family.pieces(answer), pieces)) inside += mass;
      }
      return Math.log((1 - outside) * inside + outside * Math.exp(prior.logprob(pieces)));
    },
  };
}

/** The likeliest answer; where one may be right in part, the one that is worth most over the likeliest ones. */
function mostWorth(masses: ReadonlyMap<string, number>, { partly, rewardFor }: Family): string {
  const likely = [...masses].sort(([, a], [, b]) => b - a).slice(0, partly ? weighed : 1);
  const rewards = likely.map(([answer, mass]) => ({ mass, reward: rewardFor(answer) }));
  const worth = likely.map(([answer]) => rewards.reduce((sum, { mass, reward }) => sum + mass * reward(answer), 0));
  return likely[worth.indexOf(Math.max(...worth))]?.[0] ?? '';
}

function beginsWith(all: readonly string[], start: readonly string[]): boolean {
  return start.every((piece, at) => all[at] === piece);
}
