/** Tokens and money that some calls of a plan use. */
import type { StageEstimate } from '../../contracts/run-estimate.ts';
import { teacherRates } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { nothing, productOf, scaled, sumOf, whole } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import { inputTokensOf } from '../known/calibration.ts';
import type { Calibration } from '../known/calibration.ts';
import { moneyOf } from './money.ts';
import type { PlannedLoad } from '../prompts/prompt-tokens.ts';
import { pricingOf } from './pricing.ts';
import type { Pricing } from './pricing.ts';

export interface CallSpend {
  readonly domain: string;
  readonly real: number;
  readonly synthetic: number;
  /** Calls without an answer in the ledger. */
  readonly paid: Range;
  /** Tokens. */
  readonly input: Range;
  readonly output: Range;
}

export function spendOf(
  calibration: Calibration,
  { domain, annotate, synthesize }: PlannedLoad,
  verifies: boolean,
): CallSpend {
  const { outputTokens } = calibration;
  const prompts = [annotate, synthesize].map(({ paid, counted }) => inputTokensOf(calibration, counted, paid));
  const written = [
    productOf(annotate.paid, outputTokens.annotate),
    productOf(synthesize.paid, outputTokens.synthesize),
  ];
  // A verification reads the synthetic row; a dropped row has none.
  const verified = verifies ? { ...synthesize.paid, low: 0 } : scaled(synthesize.paid, 0);
  const read = productOf(verified, sumOf([outputTokens.synthesize, { low: 0, likely: 100, high: 400 }]));
  return {
    domain,
    real: annotate.calls,
    synthetic: synthesize.calls,
    paid: sumOf([annotate.paid, synthesize.paid, verified]),
    input: sumOf([...prompts, read]),
    output: sumOf([...written, productOf(verified, outputTokens.verify)]),
  };
}

/**
 * The spare calls between the plan and the call limit. Refills, reallocated slots and reissues may use them. Each costs
 * at most as much as the average planned call.
 */
export function spareSpend(callLimit: number, calls: number, all: readonly CallSpend[]): CallSpend {
  const most = Math.max(0, callLimit - calls);
  const share = calls === 0 ? 0 : most / calls;
  const atMost = (of: (spent: CallSpend) => Range): Range => {
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

/** Calls that are sent. If the plan sends none, there are no reissues either. */
export function paidCalls(all: readonly CallSpend[], spare: CallSpend): Range {
  const paid = sumOf(all.map((spent) => spent.paid));
  return { ...paid, high: paid.high + (paid.high === 0 ? 0 : spare.paid.high) };
}

/** `pricing` null: the price is unknown. */
export function costOf(
  pricing: Pricing | null,
  spent: readonly CallSpend[],
): Pick<StageEstimate, 'inputTokens' | 'outputTokens' | 'microUsd'> {
  const [input, output] = [sumOf(spent.map((one) => one.input)), sumOf(spent.map((one) => one.output))];
  return {
    inputTokens: whole(input),
    outputTokens: whole(output),
    microUsd: pricing === null ? null : whole(moneyOf(pricing, input, output)),
  };
}

/**
 * The extra cost of calls that are sent singly although the plan uses batches: the call that tests the response format,
 * and the calls of a pilot.
 */
export function surchargeOf(spec: RunSpec, pricing: Pricing | null, calls: number, spent: readonly CallSpend[]): Range {
  const single = pricingOf(teacherRates(spec));
  const { likely: paid } = sumOf(spent.map((one) => one.paid));
  if (single === null || pricing === null || paid < 1) return nothing;
  const [input, output] = [sumOf(spent.map((one) => one.input)), sumOf(spent.map((one) => one.output))];
  const [full, other] = [moneyOf(single, input, output), moneyOf(pricing, input, output)];
  const share = Math.min(1, calls / paid);
  const more = (level: keyof Range, times: number): number =>
    Math.max(0, full[level] - other[level]) * Math.min(1, share * times);
  // Any call may be among them: from none up to twice the mean.
  return { low: 0, likely: more('likely', 1), high: more('high', 2) };
}
