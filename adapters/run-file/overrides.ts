/** What the command line changes in a run file: `--slots 2600`, `--set teacher.noise=0`. */
import { parse } from 'yaml';
import type { Problem } from './problem.ts';
import { isRecord } from './union-branch.ts';

/** By key: a short one of `shortKeys`, or the dotted path of a key of the file. Values are read as YAML would. */
export type Overrides = Readonly<Record<string, string | number | boolean>>;

const shortKeys: Readonly<Record<string, readonly string[]>> = {
  method: ['method'],
  slots: ['budget', 'slots'],
  calls: ['budget', 'calls'],
  stages: ['stages'],
  seed: ['seed'],
  student: ['student', 'embedded'],
  teacher: ['teacher', 'embedded'],
  noise: ['teacher', 'noise'],
};

export interface Overridden {
  readonly value: unknown;
  /** Paths that the command line set, joined with dots. */
  readonly changed: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

export function applyOverrides(file: unknown, overrides: Overrides): Overridden {
  const value: unknown = structuredClone(file);
  const changed = new Set<string>();
  const problems: Problem[] = [];
  for (const [key, given] of Object.entries(overrides)) {
    const path = shortKeys[key] ?? key.split('.');
    changed.add(path.join('.'));
    if (!setPath(value, path, typeof given === 'string' ? scalar(given) : given)) {
      const expected = 'there is no such block of keys in the run file';
      problems.push({ line: null, key: path.join('.'), value: String(given), expected });
    }
  }
  return { value, changed, problems };
}

/** `name,key=value` for each override in key order, unless a name is given. */
export function nameOf(fileName: unknown, overrides: Overrides, given: string | undefined): unknown {
  if (given !== undefined) return given;
  const suffix = Object.keys(overrides)
    .toSorted()
    .map((key) => `,${key}=${overrides[key]}`);
  return typeof fileName === 'string' ? fileName + suffix.join('') : fileName;
}

function scalar(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // Not YAML: then it is the text itself, and the schema judges it.
    return text;
  }
}

function setPath(target: unknown, path: readonly string[], value: unknown): boolean {
  const [key, ...rest] = path;
  if (!isRecord(target) || key === undefined || key === '__proto__') return false;
  if (rest.length === 0) {
    target[key] = value;
    return true;
  }
  if (!Object.hasOwn(target, key)) target[key] = {};
  return setPath(target[key], rest, value);
}
