/** Adds ROUGE-L to the metrics of free answers. It uses `js-rouge`, and domain/ imports no packages. */
import { l as rougeL } from 'js-rouge';
import type { Metrics } from '../../domain/metrics/metrics.ts';
import { secondaryScore } from '../../domain/metrics/row-metrics.ts';
import { best } from '../../domain/tasks/free-answer.ts';
import type { JudgedRow } from '../../domain/tasks/task.ts';

export function withRougeL(metrics: Metrics, judged: readonly JudgedRow[]): Metrics {
  const score = secondaryScore(judged, 'rouge-l', (row) => best(row, rougeLScore));
  return { ...metrics, secondary: [...(metrics.secondary ?? []), score] };
}

/** F1 of the longest common subsequence of words, as in `rouge-score`: one sentence, no stemming. */
export function rougeLScore(predicted: string, reference: string): number {
  // The package rejects texts without a word.
  if (words(predicted).length === 0 || words(reference).length === 0) return 0;
  return rougeL(predicted, reference, { segmenter: (text) => [text], tokenizer: words });
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
