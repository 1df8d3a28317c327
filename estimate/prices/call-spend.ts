/** What some calls of a plan take out of tokens and money. */
import type { StageEstimate } from '../../contracts/run-estimate.ts';
import { teacherRates } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { nothing, productOf, scaled, sumOf, whole } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import { inputTokensOf } from '../known/calibration.ts';
import type { Calibration } from '../known/calibration.ts';
import { moneyOf } from './money.ts';
import type { PlannedLoad } from '../prompts/prompt-tokens.ts';
import { onlyAt } from './pricing.ts';
import type { Pricing } from './pricing.ts';

export interface Spent {
  readonly domain: string;
  readonly real: number;
  readonly synthetic: number;
  /** Calls that the ledger does not answer. */
  readonly paid: Range;
  /** Tokens. */
  readonly input: Range;
  readonly output: Range;
}

export function spentOn(
  calibration: Calibration,
  { domain, annotate, synthesize }: PlannedLoad,
  verifies: boolean,
): Spent {
  const { outputTokens } = calibration;
  const asked = [annotate, synthesize].map(({ paid, counted }) => inputTokensOf(calibration, counted, paid));
  const written = [
    productOf(annotate.paid, outputTokens.annotate),
    productOf(synthesize.paid, outputTokens.synthesize),
  ];
  // A verification reads what was synthesized; where that was dropped, there is none.
  const verified = verifies ? { ...synthesize.paid, low: 0 } : scaled(synthesize.paid, 0);
  const read = productOf(verified, sumOf([outputTokens.synthesize, { low: 0, likely: 100, high: 400 }]));
  return {
    domain,
    real: annotate.calls,
    synthetic: synthesize.calls,
    paid: sumOf([annotate.paid, synthesize.paid, verified]),
    input: sumOf([...asked, read]),
    output: sumOf([...written, productOf(verified, outputTokens.verify)]),
  };
}

/**
 * Refills, rows that another domain gives (`shortfall: reallocate`) and reissued calls may use what the limit leaves
 * beyond the `calls` that `all` is for; each costs at most what one of these does.
 */
export function unplanned(callLimit: number, calls: number, all: readonly Spent[]): Spent {
  const most = Math.max(0, callLimit - calls);
  const share = calls === 0 ? 0 : most / calls;
  const atMost = (of: (spent: Spent) => Range): Range => {
    return { low: 0, likely: 0, high: sumOf(all.map(of)).high * share };
  };
  return {
    domain: '',
    real: 0,
    synthetic: 0,
    paid: { low: 0, likely: 0, high: most },
    input: atMost(({ input }) => input),
    output: atMost(({ output }) => output),
  };
}

/** Calls that are sent; where none is planned, none is reissued. */
export function paidOf(all: readonly Spent[], spare: Spent): Range {
  const paid = sumOf(all.map((spent) => spent.paid));
  return { ...paid, high: paid.high + (paid.high === 0 ? 0 : spare.paid.high) };
}

/** `pricing` null: the price is not known. */
export function costOf(
  pricing: Pricing | null,
  spent: readonly Spent[],
): Pick<StageEstimate, 'inputTokens' | 'outputTokens' | 'microUsd'> {
  const [input, output] = [sumOf(spent.map((one) => one.input)), sumOf(spent.map((one) => one.output))];
  return {
    inputTokens: whole(input),
    outputTokens: whole(output),
    microUsd: pricing === null ? null : whole(moneyOf(pricing, input, output)),
  };
}

/**
 * The surcharge of calls that are sent singly beside batches: the one that finds out in which form the
 * teacher answers, and those that a pilot has bought.
 */
export function surchargeOf(spec: RunSpec, pricing: Pricing | null, calls: number, spent: readonly Spent[]): Range {
  const single = onlyAt(teacherRates(spec));
  const { likely: paid } = sumOf(spent.map((one) => one.paid));
  if (single === null || pricing === null || paid < 1) return nothing;
  const [input, output] = [sumOf(spent.map((one) => one.input)), sumOf(spent.map((one) => one.output))];
  const [full, other] = [moneyOf(single, input, output), moneyOf(pricing, input, output)];
  const share = Math.min(1, calls / paid);
  const more = (level: keyof Range, times: number): number =>
    Math.max(0, full[level] - other[level]) * Math.min(1, share * times);
  // Any call may be among them: up to twice the mean, and none is certain.
  return { low: 0, likely: more('likely', 1), high: more('high', 2) };
}
