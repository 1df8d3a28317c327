import type { DataProblems } from './data-problems.ts';
import { createFingerprints } from './fingerprints.ts';
import type { ImportedRow } from '../ports/importer.ts';

/**
 * Makes the ids of one part unique. An id of the file that occurs twice is a problem, and the second row is left out.
 * Repeated rows with a generated id get the suffixes `-2`, `-3`. `idField` is the file's name for the id.
 */
export async function* withDistinctIds(
  rows: AsyncIterable<ImportedRow>,
  idField: string,
  problems: Pick<DataProblems, 'add'>,
): AsyncGenerator<ImportedRow> {
  const firstLine = createFingerprints();
  const repeats = new Map<string, number>();
  for await (const imported of rows) {
    const { row, file, line, unit, ownId } = imported;
    const first = firstLine.add(row.id, line);
    if (first === undefined) yield imported;
    else if (ownId) {
      const expected = `a unique id; ${unit ?? 'line'} ${first} has the same`;
      problems.add({ file, line, unit, field: idField, value: JSON.stringify(row.id), expected });
    } else {
      const times = (repeats.get(row.id) ?? 1) + 1;
      repeats.set(row.id, times);
      yield { ...imported, row: { ...row, id: `${row.id}-${times}` } };
    }
  }
}
