/** What calls cost, in integers: tokens and micro-USD. A price of 1 USD a million tokens is 1 micro-USD a token. */

/** Amounts that are charged: worst case before, actual after. Changes may be negative. */
export interface Cost {
  readonly tokens: number;
  readonly microUsd: number;
}

export interface Usage {
  /** All input tokens, those read from or written to a cache included. */
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
}

/** USD a million tokens. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  /** Input read from the endpoint's cache; without it, as other input. */
  readonly cachedInput?: number | undefined;
  /** Input written to the endpoint's cache, which may cost more than other input. */
  readonly cacheWrite?: number | undefined;
  /** Fine-tuning, per token trained. */
  readonly training?: number | undefined;
}

/**
 * Tokens that a chat template or a start of sequence adds at most: to a request or a training example, and to each
 * message. Generous: no template in use comes near.
 */
export const templateAllowance = { request: 64, message: 16 };

/**
 * The most tokens that one call can read, and the most that it can write: no model has a longer context. An endpoint
 * that reports more has not counted tokens.
 */
export const mostTokens = 10_000_000;

export const noCost: Cost = { tokens: 0, microUsd: 0 };

export function costDifference(to: Cost, from: Cost): Cost {
  return { tokens: to.tokens - from.tokens, microUsd: to.microUsd - from.microUsd };
}

/** What a call cost, rounded up. What is not known to be read from a cache counts as written to it: never too little. */
export function priceOf(rates: Rates, { inputTokens, cachedInputTokens, outputTokens }: Usage): number {
  const cached = Math.min(inputTokens, cachedInputTokens);
  const input = (inputTokens - cached) * dearestInput(rates) + cached * (rates.cachedInput ?? rates.input);
  return Math.ceil(cleared(input + outputTokens * rates.output));
}

/** The most a call may cost: nothing is read from a cache, everything is written to it, all output is used. */
export function worstPriceOf(rates: Rates, bound: Pick<Usage, 'inputTokens' | 'outputTokens'>): number {
  const input = bound.inputTokens * Math.max(dearestInput(rates), rates.cachedInput ?? 0);
  return Math.ceil(cleared(input + bound.outputTokens * rates.output));
}

/** The cost of training on this many tokens; zero where training has no price of its own. */
export function trainingPriceOf(rates: Rates, tokens: number): number {
  return Math.ceil(cleared(tokens * (rates.training ?? 0)));
}

/** Integer micro-USD of an amount in USD. */
export function microUsdOf(usd: number): number {
  return Math.round(usd * 1_000_000);
}

/** `0.012340`: an amount for people, to the micro-USD unless fewer digits are wanted. */
export function usdText(microUsd: number, digits = 6): string {
  return usdOf(microUsd).toFixed(digits);
}

export function usdOf(microUsd: number): number {
  return microUsd / 1_000_000;
}

function dearestInput({ input, cacheWrite }: Rates): number {
  return Math.max(input, cacheWrite ?? 0);
}

/** Without the last digits of binary fractions, which would round 3 up to 4. */
function cleared(value: number): number {
  return Number(value.toFixed(6));
}
