/** Writes the cells of a comparison as CSV, one per line. */
import { stringify } from 'csv-stringify/sync';
import type { Comparison } from '../../contracts/comparison/comparison.ts';

const columns = (
  'run data method student budgets slots capped stages seed status macro micro head middle tail charged callLimit ' +
  'seconds reason'
).split(' ');

export function comparisonCsv({ cells }: Comparison): string {
  const lines = cells.map(({ budgets, groups, ...cell }) => ({ ...cell, budgets: budgets.join(' '), ...groups }));
  // A reason may quote an endpoint's answer: escape text that a spreadsheet would read as a formula.
  return stringify(lines, { header: true, columns, escape_formulas: true, cast: { boolean: String } });
}
