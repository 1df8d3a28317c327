/**
 * How many tokens a call will use, for rates only (money is always reserved at its worst case): learned from what
 * calls of this endpoint used. Input in proportion to its bytes, output as the mean of late.
 */
export interface TokenEstimate {
  readonly perByte: number;
  readonly output: number;
  readonly seen: number;
}

/** Four bytes a token is what English takes; a guess until the first answer. */
export const firstEstimate: TokenEstimate = { perByte: 0.25, output: 200, seen: 0 };

const memory = 50;

export function estimated(
  estimate: TokenEstimate,
  call: { readonly bytes: number; readonly maxTokens: number },
): { readonly input: number; readonly output: number } {
  return { input: call.bytes * estimate.perByte, output: Math.min(call.maxTokens, estimate.output) };
}

/** A mean of all calls at first, then of the last fifty or so. */
export function learned(
  estimate: TokenEstimate,
  call: { readonly bytes: number; readonly input: number; readonly output: number },
): TokenEstimate {
  if (call.bytes <= 0) return estimate;
  const weight = 1 / Math.min(memory, estimate.seen + 1);
  const mix = (old: number, now: number): number => old + (now - old) * weight;
  return {
    perByte: mix(estimate.perByte, call.input / call.bytes),
    output: mix(estimate.output, call.output),
    seen: estimate.seen + 1,
  };
}
