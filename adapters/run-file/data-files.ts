/** Where the data of a run file lie, and whether they are there. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Data, Source } from '../../contracts/run/run-file.ts';
import type { Finding } from './semantics.ts';

/** The folder that relative data paths start from: a folder of the data folder, else the run file's own. */
export function dataRootOf(data: Data, runFile: string, dataFolder: string | undefined): string {
  if ('builtin' in data) return '';
  if (data.folder === undefined) return dirname(resolve(runFile));
  return dataFolder === undefined ? '' : join(resolve(dataFolder), data.folder);
}

export function dataFindings(data: Data, runFile: string, dataFolder: string | undefined): readonly Finding[] {
  if ('builtin' in data) return [];
  if (data.folder !== undefined && dataFolder === undefined) {
    const expected = 'there is no data folder on this machine; set BALDISTILL_DATA to the folder that holds it';
    return [{ path: ['data', 'folder'], expected }];
  }
  const root = dataRootOf(data, runFile, dataFolder);
  if (!existsSync(root)) {
    const expected = `${root} does not exist; set BALDISTILL_DATA to the folder that holds ${data.folder ?? 'the data'}`;
    return [{ path: ['data', 'folder'], expected }];
  }
  return [
    ...missing(['data', 'train'], data.train, root),
    ...missing(['data', 'validation'], data.validation, root),
    ...missing(['data', 'test'], data.test, root),
  ];
}

function missing(path: readonly string[], source: Source | undefined, root: string): readonly Finding[] {
  if (source === undefined) return [];
  const { format: _, ...files } = typeof source === 'string' ? { path: source } : source;
  return Object.entries(files).flatMap(([key, file]) => {
    if (file === undefined || existsSync(resolve(root, file))) return [];
    return [
      { path: typeof source === 'string' ? path : [...path, key], expected: `there is no file ${resolve(root, file)}` },
    ];
  });
}
