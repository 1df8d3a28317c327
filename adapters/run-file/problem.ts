/** One thing that is wrong in a file that a person wrote. */
export interface Problem {
  /** Line in the file, from 1; null where the value came from the command line. */
  readonly line: number | null;
  /** Dotted path of the key; empty for the file as a whole. */
  readonly key: string;
  /** The value as written, shortened; undefined where it is missing or must not be shown. */
  readonly value: string | undefined;
  /** The problem and the expectation, as the end of a sentence. */
  readonly expected: string;
}

/** The end of a line of a message: `line 7: budget.slots = "many": expected ...`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === null ? 'command line' : `line ${problem.line}`;
  const value = problem.value === undefined ? '' : ` = ${problem.value}`;
  return problem.key === '' ? `${place}: ${problem.expected}` : `${place}: ${problem.key}${value}: ${problem.expected}`;
}

/** All problems of one file as one message, in the order of the file. */
export function formatProblems(path: string, problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [`${path}: ${count}`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join('\n');
}

/** In the order of the file; what came from the command line last. */
export function byLine(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
}

/** A value for a message: on one line, short, and never an API key written where the name of its variable belongs. */
export function showValue(path: readonly PropertyKey[], value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (/key|token(?!s)|secret|password/i.test(String(path.at(-1) ?? ''))) return '(not shown)';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[...]' : '{...}';
  // `https://user:password@host?key=...`: neither the credentials nor the query are shown.
  const text = JSON.stringify(value)
    .replace(/^("https?:[/\\]*)[^@]*@/i, '$1(not shown)@')
    .replace(/^("https?:[^?#"]*[?#])[^"]*/i, '$1(not shown)');
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
