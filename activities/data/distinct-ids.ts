import type { DataProblems } from './data-problems.ts';
import { createFingerprints } from './fingerprints.ts';
import type { ImportedRow } from '../ports/importer.ts';

/**
 * Passes on the rows of one part, each with an id of its own: an id that occurs twice is a problem and its row is left
 * out; repeats of a row without an id of its own get `-2`, `-3`. `idField` is how the file calls the id.
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
      const expected = `an id of its own; ${unit ?? 'line'} ${first} has it`;
      problems.add({ file, line, unit, field: idField, value: JSON.stringify(row.id), expected });
    } else {
      const times = (repeats.get(row.id) ?? 1) + 1;
      repeats.set(row.id, times);
      yield { ...imported, row: { ...row, id: `${row.id}-${times}` } };
    }
  }
}
