/** Small pieces of text that every view is made of. */
import type { BudgetCopy, Progress } from '../../contracts/progress.ts';
import { usdText } from '../../domain/budget/cost.ts';
import type { Snapshot } from '../follow/follow.ts';

export function bar(part: number, whole: number, width: number): string {
  const filled = Math.max(0, Math.min(width, Math.round((width * part) / Math.max(1, whole))));
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

export function score(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : value.toFixed(3);
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Stages are counted from 1 for people. */
export function stageWords({ stage, stages }: Progress): string {
  return stage === null ? '' : `stage ${stage} (${stage + 1} of ${stages})`;
}

/** The step of the stage while there is one, else of the run; until the next stage is there, neither. */
export function stepOf({ run, stage }: Snapshot): string {
  const between = stage === null && run.status === 'running' && run.step === 'prepare';
  return between ? '' : (stage?.step ?? run.step);
}

export function budgetOf({ run, stage }: Snapshot): BudgetCopy | null {
  const own = run.budget;
  const later = stage?.budget ?? null;
  return later !== null && (own === null || later.charged >= own.charged) ? later : own;
}

/** What is charged beside calls, where that has a limit. */
export function amountWords({ tokens, microUsd }: BudgetCopy): string[] {
  return [
    ...(tokens.limit === null ? [] : [`${tokens.charged} of ${tokens.limit} tokens`]),
    ...(microUsd.limit === null ? [] : [`${usdText(microUsd.charged, 4)} of ${usdText(microUsd.limit, 4)} USD`]),
  ];
}
