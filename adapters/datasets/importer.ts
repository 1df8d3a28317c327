import type { DataPart, ImportedRow, Importer } from '../../activities/ports/importer.ts';
import { readJsonlPart } from './jsonl-importer.ts';
import { splitWordnet } from './wordnet.ts';

/** The importer of every data set a run file can name. */
export function createImporter(): Importer {
  return {
    has: ({ data }, part) => 'builtin' in data || data[part] !== undefined,
    read: ({ data, dataRoot }, part, report) =>
      'builtin' in data ? readWordnet(data.pool, part) : readJsonlPart(data, part, dataRoot, report),
  };
}

async function* readWordnet(pool: number, part: DataPart): AsyncGenerator<ImportedRow> {
  const rows = splitWordnet({ pool })[part === 'train' ? 'pool' : part];
  for (const [index, row] of rows.entries()) yield { row, ownId: true, file: 'wordnet', line: index + 1 };
}
