/**
 * The first reading of a run's data: finds every problem and decides the outcome of each training row. It keeps hashes
 * and line numbers but no rows, so memory stays small for a million rows.
 */
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { createSplitter } from '../../domain/data/data-split.ts';
import type { SplitPart } from '../../domain/data/data-split.ts';
import { createReserveSplitter } from '../../domain/data/reserve-split.ts';
import { collectDataProblems } from './data-problems.ts';
import type { DataProblems } from './data-problems.ts';
import { withDistinctIds } from './distinct-ids.ts';
import { createFingerprints } from './fingerprints.ts';
import { createNameLimits } from './name-limits.ts';
import type { DataPart, ImportedRow, Importer } from '../ports/importer.ts';

export type RowOutcome = SplitPart | 'dropped' | 'reserved';

export interface Survey {
  readonly problems: DataProblems;
  /** The outcome of each row of the training part, in file order. */
  readonly outcomes: readonly RowOutcome[];
  readonly dropped: { readonly duplicates: number; readonly leaks: number };
  /** Parts that are split off the training part, because the run file names no file for them. */
  readonly splitOff: ReadonlySet<DataPart>;
}

export async function surveyData(importer: Importer, spec: RunSpec): Promise<Survey> {
  const rules = rulesOf(spec);
  const problems = collectDataProblems();
  const read = (part: DataPart): AsyncGenerator<ImportedRow> => {
    const rows = importer.read(spec, part, (problem) => problems.add(problem));
    return withDistinctIds(rows, idFieldOf(spec), problems);
  };

  const names = createNameLimits(spec.task);
  const heldOut = createFingerprints();
  for (const part of ['validation', 'test'] as const) {
    if (!importer.has(spec, part)) continue;
    for await (const { row, line } of read(part)) {
      names.add(row);
      if (rules.leaks === 'drop') heldOut.add(normalized(row.input), line);
    }
  }

  const share = 'builtin' in spec.data ? 0 : (spec.data.reserve ?? 0);
  // Drawn before anything is dropped, so that another program can reproduce the draw from the file alone.
  const reserved = share === 0 ? [] : await drawReserve(read('train'), share);
  const splitter = splitterOf(importer, spec);
  const seen = createFingerprints();
  const dropped = { duplicates: 0, leaks: 0 };
  const outcomes: RowOutcome[] = [];
  for await (const { row, line } of read('train')) {
    names.add(row);
    if (reserved[outcomes.length] === true) {
      outcomes.push('reserved');
      continue;
    }
    const input = normalized(row.input);
    const leak = heldOut.size > 0 && heldOut.get(input) !== undefined;
    const duplicate = !leak && rules.duplicates === 'drop' && seen.add(`${input}\0${row.answer}`, line) !== undefined;
    if (leak) dropped.leaks += 1;
    else if (duplicate) dropped.duplicates += 1;
    else splitter?.splitter.add(row);
    outcomes.push(leak || duplicate ? 'dropped' : 'train');
  }
  names.report(problems);
  if (outcomes.length > 0 && outcomes.every((outcome) => outcome === 'dropped' || outcome === 'reserved')) {
    const expected = 'at least one training row whose input is in no held-out file (or leaks: keep)';
    problems.add({ file: 'training data', line: null, field: null, value: null, expected });
  }
  return {
    problems,
    outcomes: splitter === undefined ? outcomes : withParts(outcomes, splitter.splitter.finish().parts),
    dropped,
    splitOff: splitter?.parts ?? new Set(),
  };
}

/** The data's name for the id of a row. */
export function idFieldOf({ data }: RunSpec): string {
  return 'builtin' in data ? 'id' : (data.fields.id ?? 'id');
}

function rulesOf({ data }: RunSpec): { duplicates: 'drop' | 'keep'; leaks: 'drop' | 'keep' } {
  return 'builtin' in data ? { duplicates: 'keep', leaks: 'keep' } : data;
}

function splitterOf(
  importer: Importer,
  spec: RunSpec,
): { splitter: ReturnType<typeof createSplitter>; parts: Set<DataPart> } | undefined {
  if ('builtin' in spec.data) return undefined;
  const { split } = spec.data;
  const share = (part: 'validation' | 'test'): number => (importer.has(spec, part) ? 0 : split[part]);
  const shares = { validation: share('validation'), test: share('test') };
  const parts = new Set<DataPart>((['validation', 'test'] as const).filter((part) => shares[part] > 0));
  return parts.size === 0 ? undefined : { splitter: createSplitter({ ...shares, seed: split.seed }), parts };
}

async function drawReserve(rows: AsyncIterable<ImportedRow>, share: number): Promise<boolean[]> {
  const splitter = createReserveSplitter(share);
  for await (const { row } of rows) splitter.add(row);
  return splitter.finish();
}

/** Replaces each `train` outcome by the part that the splitter assigned to the row. */
function withParts(outcomes: readonly RowOutcome[], parts: readonly SplitPart[]): RowOutcome[] {
  let kept = 0;
  return outcomes.map((outcome) => (outcome === 'train' ? (parts[kept++] ?? outcome) : outcome));
}

/** Whitespace other than a single space. */
const unfolded = /[^\S ]\s*| \s+/gu;

/** Collapses whitespace and composes letters, so that copies of a text are equal. */
function normalized(text: string): string {
  return text.normalize('NFC').replaceAll(unfolded, ' ').trim();
}
