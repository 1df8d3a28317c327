import type { Row } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';

export type DataPart = 'train' | 'validation' | 'test';

/** One thing that is wrong in a data file. `line` counts from 1; null where the file as a whole is meant. */
export interface DataProblem {
  readonly file: string;
  readonly line: number | null;
  /** What `line` counts, where that is not lines of text. */
  readonly unit?: 'row' | undefined;
  readonly field: string | null;
  /** The value found, shortened for people; null where it is missing. */
  readonly value: string | null;
  /** What was expected there, as the end of a sentence. */
  readonly expected: string;
}

export interface ImportedRow {
  readonly row: Row;
  readonly file: string;
  readonly line: number;
  readonly unit?: DataProblem['unit'];
  /** False where the file gives no id and `row.id` is a hash of the content: the same for an exact repeat. */
  readonly ownId: boolean;
}

/** Reads data sets: files with a field map, or built in. */
export interface Importer {
  /** Whether the run's data name this part; the training part always exists. */
  has(spec: RunSpec, part: DataPart): boolean;
  /**
   * Streams the rows of one part in file order, normalized. What is wrong goes to `report`, and that row is left out:
   * it never throws for bad data.
   */
  read(spec: RunSpec, part: DataPart, report: (problem: DataProblem) => void): AsyncIterable<ImportedRow>;
}
