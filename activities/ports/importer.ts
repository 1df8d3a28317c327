import type { Row } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';

export type DataPart = 'train' | 'validation' | 'test';

/** One problem in a data file. `line` counts from 1; null for a problem of the whole file. */
export interface DataProblem {
  readonly file: string;
  readonly line: number | null;
  /** What `line` counts, if not lines of text. */
  readonly unit?: 'row' | undefined;
  readonly field: string | null;
  /** The value found, truncated for display; null if it is missing. */
  readonly value: string | null;
  /** The expected value, as the end of a sentence. */
  readonly expected: string;
}

export interface ImportedRow {
  readonly row: Row;
  readonly file: string;
  readonly line: number;
  readonly unit?: DataProblem['unit'];
  /** False if the file has no id and `row.id` is a hash of the content, equal for identical rows. */
  readonly ownId: boolean;
}

/** Reads data sets: files with a field map, or built-in ones. */
export interface Importer {
  /** Whether the run's data have a file for this part; the training part always exists. */
  has(spec: RunSpec, part: DataPart): boolean;
  /**
   * Streams the rows of one part in file order, normalized. Invalid rows are reported to `report` and left out; invalid
   * data never throw.
   */
  read(spec: RunSpec, part: DataPart, report: (problem: DataProblem) => void): AsyncIterable<ImportedRow>;
}
