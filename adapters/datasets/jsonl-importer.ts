/** Data sets of one's own: JSONL files with a field map (DESIGN.md, section 5). */
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import type { DataPart, DataProblem, ImportedRow } from '../../activities/ports/importer.ts';
import type { FileData, Source } from '../../contracts/run-file.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { readJsonLines } from '../json-lines/read-json-lines.ts';
import type { JsonLine } from '../json-lines/read-json-lines.ts';
import { normaliseRow, show } from './normalise-row.ts';

type Report = (problem: DataProblem) => void;

const Id = z.union([z.string(), z.number(), z.boolean()]).transform((id) => String(id).trim());

/** Rows of one part; `folder` is where relative paths start. Memory holds the ids of `idsIn` files, never rows. */
export async function* readJsonlPart(
  data: FileData,
  part: DataPart,
  folder: string,
  task: TaskName,
  report: Report,
): AsyncGenerator<ImportedRow> {
  const source = data[part];
  if (source === undefined) return;
  const { path, idsIn, idsNotIn } = filters(source);
  const only = idsIn === undefined ? undefined : await readIds(resolve(folder, idsIn), data, report);
  const without = idsNotIn === undefined ? undefined : await readIds(resolve(folder, idsNotIn), data, report);

  const file = resolve(folder, path);
  const name = basename(file);
  let lines = 0;
  let rows = 0;
  for await (const line of readable(file, report)) {
    lines += 1;
    if (!line.ok) {
      report({ file: name, line: line.line, field: null, value: show(line.text), expected: line.expected });
      continue;
    }
    const normalised = normaliseRow(line.value, data, task);
    if (!normalised.ok) {
      for (const problem of normalised.problems) report({ file: name, line: line.line, ...problem });
      continue;
    }
    const { row, ownId } = normalised;
    if (only?.has(row.id) === false || without?.has(row.id) === true) continue;
    rows += 1;
    yield { row, ownId, file: name, line: line.line };
  }
  if (rows > 0) return;
  const expected = lines === 0 ? 'at least one row' : `at least one good row for ${part}, of ${lines} lines`;
  report({ file: name, line: null, field: null, value: null, expected });
}

function filters(source: Source): Exclude<Source, string> {
  return typeof source === 'string' ? { path: source } : source;
}

/** Ids of another JSONL file, by the same field as the rows' own. */
async function readIds(file: string, data: FileData, report: Report): Promise<Set<string>> {
  const field = data.fields.id ?? 'id';
  const Line = z.looseObject({ [field]: Id });
  const ids = new Set<string>();
  for await (const line of readable(file, report)) {
    const parsed = line.ok ? Line.safeParse(line.value) : undefined;
    if (parsed?.success) ids.add(String(parsed.data[field]));
    else {
      const wrong = line.ok
        ? { field, value: null, expected: 'an id' }
        : { field: null, value: show(line.text), expected: line.expected };
      report({ file: basename(file), line: line.line, ...wrong });
    }
  }
  return ids;
}

/** The lines of a file; one that cannot be read is a problem of the data like any other. */
async function* readable(file: string, report: Report): AsyncGenerator<JsonLine> {
  try {
    yield* readJsonLines(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    const expected = `a file that can be read at ${file} (${String(error.code)})`;
    report({ file: basename(file), line: null, field: null, value: null, expected });
  }
}
