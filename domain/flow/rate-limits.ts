/** What an endpoint allows, a minute. Absent: not limited, or not known. */
export interface RateLimits {
  readonly requestsPerMinute?: number | undefined;
  /** In and out together. */
  readonly tokensPerMinute?: number | undefined;
  readonly inputTokensPerMinute?: number | undefined;
  readonly outputTokensPerMinute?: number | undefined;
}

export const limitNames = [
  'requestsPerMinute',
  'tokensPerMinute',
  'inputTokensPerMinute',
  'outputTokensPerMinute',
] as const satisfies readonly (keyof RateLimits)[];
export type LimitName = (typeof limitNames)[number];

/** What a call takes of each limit. */
export type Draw = Readonly<Record<LimitName, number>>;

export function drawOf({ input, output }: { readonly input: number; readonly output: number }): Draw {
  return {
    requestsPerMinute: 1,
    tokensPerMinute: input + output,
    inputTokensPerMinute: input,
    outputTokensPerMinute: output,
  };
}

/** The smaller of what is known; undefined where nothing is. */
export function strictest(...limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
