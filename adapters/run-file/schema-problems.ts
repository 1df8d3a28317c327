/** Turns what a schema has against a value into problems that a person can act on. */
import { z } from 'zod';
import type { core } from 'zod';
import { alternatives, expectationOf, listed } from './expectation.ts';
import { showValue } from './problem.ts';
import type { Problem } from './problem.ts';
import { chooseBranch, isRecord, knownKeys, schemaAt } from './union-branch.ts';

/** Line of a key, or null for one that was set on the command line. */
export type LineOf = (path: readonly PropertyKey[]) => number | null;

type Path = readonly PropertyKey[];

/** Every problem of `value` under `schema`; empty when it fits. */
export function schemaProblems(schema: core.$ZodType, value: unknown, lineOf: LineOf): readonly Problem[] {
  const parsed = z.safeParse(schema, value);
  return parsed.success ? [] : issuesToProblems(parsed.error.issues, [], { schema, value, lineOf });
}

interface Context {
  readonly schema: core.$ZodType;
  readonly value: unknown;
  readonly lineOf: LineOf;
}

function issuesToProblems(issues: readonly core.$ZodIssue[], prefix: Path, context: Context): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key, context));
    if (issue.code === 'invalid_union') return unionProblems(issue.errors, path, context);
    return [problemAt(path, context, wrongValue(issue, path, context))];
  });
}

function problemAt(path: Path, { value, lineOf }: Context, expected: string): Problem {
  return { line: lineOf(path), key: path.join('.'), value: showValue(path, valueAt(value, path)), expected };
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => {
    if (Array.isArray(node)) return node[Number(key)];
    return isRecord(node) && Object.hasOwn(node, String(key)) ? node[String(key)] : undefined;
  }, value);
}

function wrongValue(issue: core.$ZodIssue, path: Path, { schema, value }: Context): string {
  const found = schemaAt(schema, path, value);
  // A rule that carries its own words (a name, an environment variable) is better said in them.
  const own = issue.code === 'invalid_format' && !issue.message.startsWith('Invalid') ? issue.message : undefined;
  const expectation = own ?? (found === undefined ? issue.message : expectationOf(found));
  const actual = valueAt(value, path);
  if (actual === undefined) return `missing; expected ${expectation}`;
  return actual === '' ? `empty; expected ${expectation}` : `expected ${expectation}`;
}

function unknownKey(path: Path, key: string, context: Context): Problem {
  const known = knownKeys(context.schema, path, context.value);
  const near = known.find((candidate) => distance(candidate.toLowerCase(), key.toLowerCase()) <= 2);
  const hint = near === undefined ? `known here: ${listed(known)}` : `did you mean ${near}?`;
  return problemAt([...path, key], context, `unknown key; ${hint}`);
}

function unionProblems(errors: readonly core.$ZodIssue[][], path: Path, context: Context): readonly Problem[] {
  const union = schemaAt(context.schema, path, context.value);
  if (!(union instanceof z.ZodUnion)) return [problemAt(path, context, 'expected another value')];
  const actual = valueAt(context.value, path);
  const choice = chooseBranch(union, actual);
  if (choice.kind === 'tag') {
    return [problemAt([...path, choice.key], context, `expected ${alternatives(choice.values)}`)];
  }
  if (choice.kind === 'branch') return issuesToProblems(errors[choice.index] ?? [], path, context);
  const missing = actual === undefined ? 'missing; ' : '';
  return [problemAt(path, context, `${missing}expected ${expectationOf(union)}`)];
}

/** Edit distance (Levenshtein), for suggestions. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
