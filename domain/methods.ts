/** Methods as points in one switch space. */

export interface Switches {
  /** How slots are divided over domains; `none`: no quotas, drawn over the whole pool. */
  readonly balance: 'adaptive' | 'naive' | 'natural' | 'none';
  readonly schedule: 'paper' | 'full';
  /** Which real rows are taken where there are more than wanted; stage 0 always draws at random. */
  readonly select: 'ifd' | 'random' | 'uncertainty';
  /** The text whose likelihood ranks a row: what the student wrote, or the gold target without a rationale. */
  readonly scoreOn: 'self' | 'gold';
  /** `distinct-output`: rows for which the student wrote the same text come last. */
  readonly diversity: 'off' | 'distinct-output';
  readonly tail: 'real-first' | 'none';
  readonly shortfall: 'duplicate' | 'reallocate' | 'leave';
  readonly onMismatch: 'answer-only' | 'drop' | 'keep';
  readonly consistency: 'keep' | 'drop';
  /** Synthetic rows that repeat five words in a row too often: with the pool, or with one accepted before. */
  readonly nearDuplicates: 'keep' | 'drop';
  /** `teacher`: a second, charged call answers a synthetic row blind. */
  readonly verify: 'off' | 'teacher';
  /** Rounds that replace dropped rows while calls are left. */
  readonly refill: number;
  /**
   * The most candidates the teacher is asked for per row it is to synthesize, on average over a domain's slots of a stage,
   * refills included: a domain of which it has nothing new to say must not eat the calls of the others.
   */
  readonly ceiling: number;
  readonly candidates: 'auto' | 'all' | number;
  readonly rationale: 'teacher' | 'none';
  readonly format: 'text' | 'chat';
  readonly loss: 'completion' | 'full';
  readonly init: 'base' | 'continue';
}

export interface Preset {
  readonly switches: Switches;
  /** Number of stages the preset fixes; `undefined` leaves it to the run file. */
  readonly stages: number | undefined;
  /** Calls beyond the plan that the default call limit allows, in percent of the slots. */
  readonly spareCalls?: number;
}

const paper: Switches = {
  balance: 'adaptive',
  schedule: 'paper',
  select: 'ifd',
  scoreOn: 'self',
  diversity: 'off',
  tail: 'real-first',
  shortfall: 'duplicate',
  onMismatch: 'answer-only',
  consistency: 'keep',
  nearDuplicates: 'keep',
  verify: 'off',
  refill: 0,
  ceiling: 3,
  candidates: 'all',
  rationale: 'teacher',
  format: 'text',
  loss: 'completion',
  init: 'base',
};

const uniform: Switches = { ...paper, balance: 'none', select: 'random' };

const recommended: Switches = {
  ...paper,
  diversity: 'distinct-output',
  consistency: 'drop',
  nearDuplicates: 'drop',
  refill: 1,
  candidates: 'auto',
};

export const presets = {
  recommended: { switches: recommended, stages: undefined, spareCalls: 10 },
  'baldistill-a': { switches: paper, stages: undefined },
  'baldistill-n': { switches: { ...paper, balance: 'naive' }, stages: undefined },
  'adaptive-ft-cot': { switches: { ...paper, select: 'random' }, stages: undefined },
  'active-ft-cot': { switches: { ...paper, balance: 'none' }, stages: undefined },
  'balance-ft-cot': { switches: { ...paper, balance: 'naive', select: 'random' }, stages: 1 },
  'duplicate-ft-cot': { switches: { ...paper, balance: 'naive', select: 'random', tail: 'none' }, stages: 1 },
  'random-ft-cot': { switches: uniform, stages: 1 },
  'random-ft': { switches: { ...uniform, rationale: 'none' }, stages: 1 },
  /** Trains nothing: the base student is only evaluated. */
  'zero-shot-cot': { switches: uniform, stages: 0 },
} as const satisfies Record<string, Preset>;

export type MethodName = keyof typeof presets;
export const methodNames = Object.keys(presets).filter((name): name is MethodName => Object.hasOwn(presets, name));
