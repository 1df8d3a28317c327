/** The outputs of a comparison: its files, where they are and what is in them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Comparison } from '../../contracts/comparison/comparison.ts';

export function comparisonPaths(home: string, name: string) {
  const folder = join(home, 'comparisons', name);
  return {
    folder,
    /** The cells it was started with: there from the start. */
    plan: join(folder, 'plan.json'),
    json: join(folder, 'comparison.json'),
    page: join(folder, 'comparison.html'),
    markdown: join(folder, 'comparison.md'),
    csv: join(folder, 'comparison.csv'),
  };
}

/** Whether a comparison of this name was ever started in this home. */
export function isComparison(home: string, name: string): boolean {
  return existsSync(comparisonPaths(home, name).plan);
}

/** Undefined where it has none yet, or one of another version. */
export function readComparisonReport(home: string, name: string): Comparison | undefined {
  const { json } = comparisonPaths(home, name);
  if (!existsSync(json)) return undefined;
  return Comparison.safeParse(JSON.parse(readFileSync(json, 'utf8'))).data;
}

/** Why `readComparisonReport` finds nothing, in words that end a sentence. */
export function missingReportReason(home: string, name: string): string {
  const { json } = comparisonPaths(home, name);
  return existsSync(json) ? `${json} is from another version of baldistill` : `there is no ${json}`;
}
