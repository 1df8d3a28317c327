/**
 * One demand on an OpenAI-compatible endpoint, and the four ways it can come out. The table is all-cases.ts; the test
 * suite and `doctor --endpoint` go through the same one.
 */
import type { Site } from './requests/site.ts';

/**
 * `holds`; `lacks`: the endpoint says clearly that it does not support it (or leaves out what is optional), which costs a run
 * something but does not mislead; `breaks`: it says yes and does something else; `unasked`: it could not be asked here.
 */
export type Verdict = 'holds' | 'lacks' | 'breaks' | 'unasked';

/** In the order in which people read them. */
export const areas = ['reaching it', 'training', 'writing', 'log probabilities', 'token ids', 'errors'] as const;
export type Area = (typeof areas)[number];

export interface ContractCase {
  /** Names the case in declarations, in `needs` and in `--json`; unique. */
  readonly id: string;
  readonly area: Area;
  /** What holds, in the present tense. */
  readonly title: string;
  /** Checks that must hold before this one is meaningful; each is earlier in the table. */
  readonly needs?: readonly string[];
  /** What a run loses, and what to write instead, where the case does not hold; left out where it loses nothing. */
  readonly loss?: string;
  /** Returns what was seen where that is worth a word. Throws `Objection` where the case does not hold. */
  readonly check: (site: Site) => Promise<string | void>;
}

/** How a case ends that does not hold. */
export class Objection extends Error {
  readonly verdict: Exclude<Verdict, 'holds'>;

  constructor(verdict: Exclude<Verdict, 'holds'>, message: string) {
    super(message);
    this.name = 'Objection';
    this.verdict = verdict;
  }
}

export function lacks(what: string): never {
  throw new Objection('lacks', what);
}

export function breaks(what: string): never {
  throw new Objection('breaks', what);
}

export function unasked(why: string): never {
  throw new Objection('unasked', why);
}

/** The case breaks with `otherwise` unless the condition is true. */
export function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) breaks(otherwise);
}
