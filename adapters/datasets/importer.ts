import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataPart, ImportedRow, Importer } from '../../activities/ports/importer.ts';
import { readFilePart } from './file-importer.ts';
import { splitWordnet } from './wordnet/wordnet.ts';
import type { WordnetSplit } from './wordnet/wordnet-split.ts';

/** Work between two turns of the event loop: heartbeats are sent in them. */
const longestMs = 15;

/** The importer of every data set a run file can name. */
export function createImporter(): Importer {
  /** Each takes a good part of a second to make, and an import reads its parts twice. */
  const splits = new Map<number, Omit<WordnetSplit, 'reserve'>>();
  const wordnet = (pool: number): Omit<WordnetSplit, 'reserve'> => {
    const known = splits.get(pool);
    if (known !== undefined) return known;
    const { reserve: _, ...split } = splitWordnet({ pool });
    splits.set(pool, split);
    return split;
  };
  return {
    has: ({ data }, part) => 'builtin' in data || data[part] !== undefined,
    read: ({ data, dataRoot, task }, part, report) =>
      breathing(
        'builtin' in data ? rowsOf(wordnet(data.pool), part) : readFilePart(data, part, dataRoot, task, report),
      ),
  };
}

async function* rowsOf(split: Omit<WordnetSplit, 'reserve'>, part: DataPart): AsyncGenerator<ImportedRow> {
  const rows = split[part === 'train' ? 'pool' : part];
  for (const [index, row] of rows.entries()) yield { row, ownId: true, file: 'wordnet', line: index + 1 };
}

/** Rows already in memory come without a turn of the event loop: give it one now and then. */
async function* breathing(rows: AsyncIterable<ImportedRow>): AsyncGenerator<ImportedRow> {
  let since = performance.now();
  for await (const row of rows) {
    if (performance.now() - since > longestMs) {
      await nextTurn();
      since = performance.now();
    }
    yield row;
  }
}
