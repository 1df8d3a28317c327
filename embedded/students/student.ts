/** A likely next token and its natural log probability. */
export type Alternative = readonly [token: string, logprob: number];

export interface TokenScore {
  readonly logprob: number;
  /** The likeliest tokens at this place, best first; empty unless asked for. */
  readonly top: readonly Alternative[];
}

export interface Generated {
  readonly ids: number[];
  readonly scores: TokenScore[];
  /** `stop`: the text is complete. An end-of-sequence token is never part of the output. */
  readonly finish: 'stop' | 'length';
}

/**
 * An embedded baseline student: a tokenizer and exact log probabilities (natural, untempered). Token id 0 is BOS
 * (`tokens.ts`); it is never made by `encode`. Always greedy: `temperature` has no effect on what it writes.
 */
export interface Student {
  /** Appends each token's text to `pieces`; their concatenation is `text`. */
  encode(text: string, pieces?: string[]): number[];
  /** Text of a token; `�` for an id made from a word this model never saw. */
  decode(id: number): string;
  /** Log probability of each token after those before it; null for the first. */
  score(ids: readonly number[], top: number): (TokenScore | null)[];
  generate(ids: readonly number[], limits: { readonly maxTokens: number; readonly top: number }): Generated;
}
