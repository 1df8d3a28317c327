/** Which candidates each ranking student ranks, and how good one of them is against the answer it was taught. */
import { normalizeMath } from '../../../domain/answers/math-answer.ts';
import { evaluateRational } from '../../../domain/answers/rational.ts';
import { wordF1 } from '../../../domain/answers/short-answer.ts';
import type { EmbeddedStudentBase } from '../../../contracts/run/embedded-models.ts';
import { arithmeticAnswer, arithmeticCandidates } from './arithmetic.ts';
import type { Candidates, Remembered } from './candidate.ts';
import { choiceCandidates } from './choices.ts';
import { spanCandidates } from './spans.ts';

export interface Family {
  readonly open: (remembered: readonly Remembered[]) => Candidates;
  /** Whether the student keeps its training questions that have no passage. */
  readonly remembers: boolean;
  /** How good a candidate is against an answer, 0 to 1. */
  readonly rewardFor: (answer: string) => (candidate: string) => number;
  /** Whether a candidate may be right in part: then the one is written that is worth most on average. */
  readonly partly: boolean;
  /** An answer in the pieces that are tokens: several words are several tokens. */
  readonly pieces: (answer: string) => string[];
}

export type RankerBase = Extract<EmbeddedStudentBase, 'linear-choice' | 'linear-span' | 'linear-arithmetic'>;

export const families: Readonly<Record<RankerBase, Family>> = {
  'linear-choice': {
    open: () => choiceCandidates,
    remembers: false,
    rewardFor: (answer) => (candidate) => (candidate === answer ? 1 : 0),
    partly: false,
    pieces: (answer) => [answer],
  },
  'linear-span': {
    open: spanCandidates,
    remembers: true,
    rewardFor: (answer) => (candidate) => wordF1(candidate, answer),
    partly: true,
    pieces: (answer) => answer.match(/\s*\S+/g) ?? [],
  },
  'linear-arithmetic': {
    open: () => arithmeticCandidates,
    remembers: false,
    rewardFor: (answer) => {
      const value = evaluateRational(normalizeMath(answer));
      const written = value && arithmeticAnswer(Number(value.numerator) / Number(value.denominator));
      return (candidate) => (candidate === written ? 1 : 0);
    },
    partly: false,
    pieces: (answer) => [answer],
  },
};

export function isRanker(base: EmbeddedStudentBase): base is RankerBase {
  return Object.hasOwn(families, base);
}
