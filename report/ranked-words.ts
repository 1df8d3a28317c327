/** Reports how many answers were truncated while ranking, since they are scored as they are. */
import type { StagePart } from '../contracts/report.ts';
import { count } from './html/words.ts';
import { share } from './markdown-table.ts';

export function rankedWords(stage: number, { rows, cut }: NonNullable<StagePart['ranked']>): string {
  return `Stage ${stage}: the student ranked ${count(rows)} rows; ${count(cut)} of its answers (${share(cut / rows)}) were truncated.`;
}
