/** A note on how many of the answers that ranked rows were truncated, because truncated answers are scored too. */
import type { StagePart } from '../contracts/report.ts';
import { count } from './html/format.ts';
import { share } from './markdown-table.ts';

export function rankedNote(stage: number, { rows, cut }: NonNullable<StagePart['ranked']>): string {
  return `Stage ${stage}: the student ranked ${count(rows)} rows; ${count(cut)} of its answers (${share(cut / rows)}) were truncated.`;
}
