/** Disk space of a run: data, prompts, answers in the ledger, one training file per stage, predictions. */
import type { StageEstimate } from '../../contracts/run-estimate.ts';
import type { Prepared } from '../../contracts/stage.ts';
import { sumOf, whole } from '../../domain/statistics/range.ts';
import type { Range } from '../../domain/statistics/range.ts';
import type { PoolLengths } from '../prompts/pool-lengths.ts';

/** Bytes per token of text, and per call in the ledger without its answer: row, charge and events. */
const perToken = { low: 3, likely: 4.5, high: 7 };
const perCall = { low: 500, likely: 1200, high: 4000 };
const perPrediction = { low: 100, likely: 400, high: 2500 };

export function diskUse(of: {
  readonly prepared: Prepared;
  readonly prompts: PoolLengths;
  readonly stages: readonly StageEstimate[];
  readonly epochs: number;
  readonly calls: number;
}): Range {
  const { prepared, stages, calls } = of;
  const data = [prepared.pool, prepared.validation, prepared.test].reduce((sum, part) => sum + (part?.bytes ?? 0), 0);
  const text = sumOf(stages.flatMap(({ inputTokens, outputTokens }) => [inputTokens, outputTokens]));
  const predictions = stages.reduce((sum, { evaluated }) => sum + evaluated, prepared.test?.rows ?? 0);
  // An example is written in its stage, in the training file of every later stage, and in the final set.
  const copies = 2 + (stages.length + 1) / 2;
  const level = (key: keyof Range, times: number): number =>
    data + text[key] * perToken[key] * times + calls * perCall[key] + predictions * perPrediction[key];
  return whole({ low: level('low', 1), likely: level('likely', copies), high: level('high', 2 * copies + 2) });
}
