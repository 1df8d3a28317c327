/** Methods as points in one switch space (METHOD.md, "Methods are points in one switch space"). */

export interface Switches {
  /** How slots are divided over domains; `none`: no quotas, drawn over the whole pool. */
  readonly balance: 'adaptive' | 'naive' | 'natural' | 'none';
  readonly schedule: 'paper' | 'full';
  readonly select: 'ifd' | 'random';
  readonly tail: 'real-first' | 'none';
  readonly shortfall: 'duplicate' | 'leave';
  readonly onMismatch: 'answer-only' | 'drop' | 'keep';
  readonly consistency: 'keep' | 'drop';
  /** Rounds that replace dropped rows while calls are left. */
  readonly refill: number;
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
}

const paper: Switches = {
  balance: 'adaptive',
  schedule: 'paper',
  select: 'ifd',
  tail: 'real-first',
  shortfall: 'duplicate',
  onMismatch: 'answer-only',
  consistency: 'keep',
  refill: 0,
  candidates: 'all',
  rationale: 'teacher',
  format: 'text',
  loss: 'completion',
  init: 'base',
};

export const presets = {
  'baldistill-a': { switches: paper, stages: undefined },
  'baldistill-n': { switches: { ...paper, balance: 'naive' }, stages: undefined },
  'adaptive-ft-cot': { switches: { ...paper, select: 'random' }, stages: undefined },
  'balance-ft-cot': { switches: { ...paper, balance: 'naive', select: 'random' }, stages: 1 },
  'random-ft-cot': { switches: { ...paper, balance: 'none', select: 'random' }, stages: 1 },
} as const satisfies Record<string, Preset>;

export type MethodName = keyof typeof presets;
export const methodNames = Object.keys(presets).filter((name): name is MethodName => Object.hasOwn(presets, name));
