/** Collects all problems of a run's data into one failure. */
import { BaldistillError } from '../../domain/failures.ts';
import type { DataProblem } from '../ports/importer.ts';

const listed = 50;
const remembered = 100_000;

export interface DataProblems {
  add(problem: DataProblem): void;
  readonly count: number;
  /** Throws one `InvalidInput` with the first 50 problems, if there are any. */
  throwIfAny(): void;
}

export function collectDataProblems(): DataProblems {
  /** At most 50 per file: a wrong field map makes every row a problem. */
  const byFile = new Map<string, DataProblem[]>();
  const seen = new Set<string>();
  let count = 0;
  return {
    add(problem) {
      // A file may be read for several parts; the same problem is reported once.
      const place = `${problem.file}\0${problem.line}\0${problem.field}\0${problem.expected}`;
      if (seen.has(place)) return;
      if (seen.size < remembered) seen.add(place);
      count += 1;
      const kept = byFile.get(problem.file) ?? [];
      byFile.set(problem.file, kept);
      if (kept.length < listed) kept.push(problem);
    },
    get count() {
      return count;
    },
    throwIfAny() {
      if (count > 0) throw new BaldistillError('InvalidInput', message([...byFile.values()].flat(), count));
    },
  };
}

function message(problems: readonly DataProblem[], count: number): string {
  const shown = problems
    .toSorted((a, b) => (a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1))
    .slice(0, listed)
    .map((problem) => `  ${formatDataProblem(problem)}`);
  const more = count - shown.length;
  return [
    `The data have ${count === 1 ? '1 problem' : `${count} problems`}. Nothing was imported.`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}

/** `train.jsonl, line 7: answer = "": expected ...`, in the format of run-file problems. */
function formatDataProblem({ file, line, unit, field, value, expected }: DataProblem): string {
  const place = line === null ? file : `${file}, ${unit ?? 'line'} ${line}`;
  if (field === null)
    return value === null ? `${place}: expected ${expected}` : `${place}: ${value}: expected ${expected}`;
  return `${place}: ${field}${value === null ? ': missing;' : ` = ${value}:`} expected ${expected}`;
}
