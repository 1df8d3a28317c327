/** One record of a data file, or its problem. */
import type { DataProblem } from '../../activities/ports/importer.ts';
import { show } from './normalize-row.ts';

/** A problem of a record, or of the whole file (`line: null`). */
export type RecordProblem = Pick<DataProblem, 'line' | 'field' | 'value' | 'expected'>;

/** `line` counts from 1: lines of text, rows of Parquet. */
export type FileRecord =
  | { readonly ok: true; readonly line: number; readonly value: unknown }
  | { readonly ok: false; readonly problem: RecordProblem };

/** The columns of a field map that a table lacks. */
export function missingColumns(wanted: readonly string[], there: readonly string[]): RecordProblem[] {
  const expected = `a column of that name; the file has ${there.map(show).join(', ')}`;
  return wanted
    .filter((field) => !there.includes(field))
    .map((field) => ({ line: null, field, value: null, expected }));
}
