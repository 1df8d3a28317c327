/** Estimates the student's part of a run: rows to rank and to answer, training jobs, trained tokens, and their cost. */
import type { DomainTable } from '../../contracts/records.ts';
import { isFree, studentRates } from '../../contracts/run/run-prices.ts';
import type { RunEstimate } from '../../contracts/run-estimate.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { rankedPerSlot, rankedRows } from '../../domain/selection/candidates.ts';
import { trainingPriceOf } from '../../domain/budget/cost.ts';
import type { PlannedStage } from '../../domain/quotas/expected-stages.ts';
import { exactly, productOf, scaled, sumOf, whole } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import { moneyOf } from '../prices/money.ts';

export interface StudentWork {
  readonly spec: RunSpec;
  readonly stages: readonly PlannedStage[];
  readonly table: DomainTable;
  /** Mean tokens of a student prompt, counted by the tokenizer. */
  readonly prompt: number;
  /** Tokens of a rationale with its answer. */
  readonly target: Range;
  /** Examples that each stage adds. */
  readonly examples: readonly number[];
}

export interface StudentEstimate {
  readonly student: RunEstimate['student'];
  readonly stages: readonly {
    readonly candidates: number;
    readonly evaluated: number;
    readonly trainedTokens: Range;
  }[];
}

/** Range of other tokenizers relative to the counting one. */
const otherTokenizer: Range = { low: 0.75, likely: 1, high: 1.35 };
/** Tokens that a chat template adds to a prompt or an example. */
const template: Range = { low: 0, likely: 8, high: 80 };

export function estimateStudent({ spec, stages, table, prompt, target, examples }: StudentWork): StudentEstimate {
  const config = 'hyperparameters' in spec.student ? spec.student : null;
  const model =
    config === null ? null : 'embedded' in config ? config.embedded : 'model' in config ? config.model : null;
  const rows = (counts: Readonly<Record<string, number>>): number => sum(Object.values(counts));
  const [validation, test] = config === null ? [0, 0] : [rows(table.validation), rows(table.test)];
  const ranks = config !== null && spec.switches.select !== 'random';
  const prompted = sumOf([scaled(otherTokenizer, prompt), template]);
  const example = sumOf([prompted, target]);
  let before = 0;
  const parts = stages.map((stage, index) => {
    before += examples[index] ?? 0;
    const trained = config === null ? exactly(0) : scaled(example, before * config.hyperparameters.epochs);
    const candidates = ranks && index > 0 ? candidatesOf(stage, stages, table.pool, spec.switches.candidates) : 0;
    return { candidates, evaluated: validation, trainedTokens: whole(trained) };
  });
  const candidates = sum(parts.map((part) => part.candidates));
  const evaluated = sum(parts.map((part) => part.evaluated)) + test;
  const scoringPasses = spec.switches.select === 'ifd' ? 1 : 0;
  const most = config?.maxTokens ?? { select: 0, evaluate: 0 };
  const written = (limit: number): Range => ({ low: 1, likely: Math.min(limit, target.likely), high: limit });
  const gold = spec.switches.scoreOn === 'gold';
  const [selected, answers] = [gold ? exactly(0) : written(most.select), written(most.evaluate)];
  const inputTokens = sumOf([
    scaled(prompted, candidates + evaluated),
    // An endpoint that generates and scores in separate requests reads prompt and answer once more.
    productOf(
      { low: scoringPasses, likely: scoringPasses, high: scoringPasses + 1 },
      scaled(sumOf([selected, template]), candidates),
    ),
    productOf({ low: 0, likely: 0, high: 1 }, scaled(prompted, candidates)),
  ]);
  const outputTokens = sumOf([scaled(selected, candidates), scaled(answers, evaluated)]);
  const trainedTokens = sumOf(parts.map((part) => part.trainedTokens));
  const jobs = config === null ? 0 : stages.length;
  const rates = studentRates(spec);
  const priced = rates === null || (jobs > 0 && !isFree(rates) && rates.training === undefined) ? null : rates;
  const training = priced && {
    low: trainingPriceOf(priced, trainedTokens.low),
    likely: trainingPriceOf(priced, trainedTokens.likely),
    high: trainingPriceOf(priced, trainedTokens.high),
  };
  const microUsd =
    priced &&
    training &&
    whole(sumOf([moneyOf({ possible: [priced], likely: priced }, inputTokens, outputTokens), training]));
  const cost = { inputTokens: whole(inputTokens), outputTokens: whole(outputTokens), microUsd };
  return { student: { model, candidates, scoringPasses, evaluated, jobs, trainedTokens, ...cost }, stages: parts };
}

/** Rows that are ranked for a stage, from the rows that earlier stages leave. */
function candidatesOf(
  { stage, slots, quotas }: PlannedStage,
  stages: readonly PlannedStage[],
  pool: Readonly<Record<string, number>>,
  candidates: RunSpec['switches']['candidates'],
): number {
  const earlier = stages.filter((other) => other.stage < stage);
  if (quotas === null) {
    const left = sum(Object.values(pool)) - sum(earlier.map((other) => other.slots));
    return rankedRows(left, slots, rankedPerSlot(candidates, left));
  }
  const taken = new Map<string, number>();
  for (const other of earlier)
    for (const { domain, real } of other.quotas ?? []) taken.set(domain, (taken.get(domain) ?? 0) + real);
  const left = (domain: string): number => (pool[domain] ?? 0) - (taken.get(domain) ?? 0);
  const perSlot = rankedPerSlot(candidates, sum(quotas.map(({ domain }) => left(domain))));
  return sum(quotas.map(({ domain, quota }) => rankedRows(left(domain), quota, perSlot)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
