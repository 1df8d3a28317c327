/** Data sets of one's own: files with a field map. */
import { basename, resolve } from 'node:path';
import { z } from 'zod';
import type { DataPart, DataProblem, ImportedRow } from '../../activities/ports/importer.ts';
import type { DataFormat, FileData, Source } from '../../contracts/run/run-file.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { normalizeRow } from './normalize-row.ts';
import { formatOf, readRecords } from './read-records.ts';

type Report = (problem: DataProblem) => void;

const Id = z.union([z.string(), z.number(), z.boolean()]).transform((id) => String(id).trim());

/** Rows of one part; `folder` is where relative paths start. Memory holds the ids of `idsIn` files, never rows. */
export async function* readFilePart(
  data: FileData,
  part: DataPart,
  folder: string,
  task: TaskName,
  report: Report,
): AsyncGenerator<ImportedRow> {
  const source = data[part];
  if (source === undefined) return;
  const { path, format: chosen, idsIn, idsNotIn } = asBlock(source);
  const only = idsIn === undefined ? undefined : await readIds(resolve(folder, idsIn), data, report);
  const without = idsNotIn === undefined ? undefined : await readIds(resolve(folder, idsNotIn), data, report);

  const file = resolve(folder, path);
  const format = formatOf(file, chosen);
  const place = { file: basename(file), unit: unitOf(format) };
  let whole = true;
  let records = 0;
  let rows = 0;
  for await (const record of readRecords(file, format, columnsOf(data))) {
    if (!record.ok) {
      report({ ...place, ...record.problem });
      whole &&= record.problem.line !== null;
      records += 1;
      continue;
    }
    const { line } = record;
    records += 1;
    const normalized = normalizeRow(record.value, data, task);
    if (!normalized.ok) {
      for (const problem of normalized.problems) report({ ...place, line, ...problem });
      continue;
    }
    const { row, ownId } = normalized;
    if (only?.has(row.id) === false || without?.has(row.id) === true) continue;
    rows += 1;
    yield { row, ownId, ...place, line };
  }
  if (rows > 0 || !whole) return;
  const expected = records === 0 ? 'at least one row' : `at least one good row for ${part}, of ${records} records`;
  report({ ...place, line: null, field: null, value: null, expected });
}

function asBlock(source: Source): Exclude<Source, string> {
  return typeof source === 'string' ? { path: source } : source;
}

function unitOf(format: DataFormat): DataProblem['unit'] {
  return format === 'parquet' ? 'row' : undefined;
}

/** What a table has to have. */
function columnsOf({ fields, domainFrom }: FileData): string[] {
  return [...new Set([...Object.values(fields), domainFrom?.lines].filter((field) => field !== undefined))];
}

/** Ids of another file, by the same field as the rows' own. */
async function readIds(file: string, data: FileData, report: Report): Promise<Set<string>> {
  const field = data.fields.id ?? 'id';
  const format = formatOf(file, undefined);
  const place = { file: basename(file), unit: unitOf(format) };
  const Line = z.looseObject({ [field]: Id });
  const ids = new Set<string>();
  for await (const record of readRecords(file, format, [field])) {
    const parsed = record.ok ? Line.safeParse(record.value) : undefined;
    if (parsed?.success) ids.add(String(parsed.data[field]));
    else if (!record.ok) report({ ...place, ...record.problem });
    else report({ ...place, line: record.line, field, value: null, expected: 'an id' });
  }
  return ids;
}
