/** From the text of a compare file to its grid and the run files it names, or to everything that is wrong with it. */
import { dirname, relative, resolve } from 'node:path';
import { CompareFile } from '../../contracts/comparison/compare-file.ts';
import type { Problem } from '../run-file/problem.ts';
import { byLine } from '../run-file/problem.ts';
import { schemaProblems } from '../run-file/schema-problems.ts';
import { isRecord } from '../run-file/union-branch.ts';
import { readYaml } from '../run-file/yaml-source.ts';
import type { YamlSource } from '../run-file/yaml-source.ts';
import { combinations } from './grid.ts';
import type { Combination } from './grid.ts';

export interface CompareReading {
  readonly path: string;
  readonly file: CompareFile;
  readonly source: YamlSource;
  readonly combinations: readonly Combination[];
  readonly bases: ReadonlyMap<string, BaseFile>;
}

/** What the cells of one data set start from. */
export interface BaseFile {
  readonly value: Readonly<Record<string, unknown>>;
  /** Data paths are relative to this file. */
  readonly path: string;
  /** Set where it is a file of its own: how to call it, and its lines. */
  readonly own: { readonly shown: string; readonly lineOf: YamlSource['lineOf'] } | undefined;
  /** Keys that the compare file gives itself. */
  readonly here: ReadonlySet<string>;
  /** Rows of each domain, given in place of data. */
  readonly counts: Readonly<Record<string, number>> | undefined;
}

export interface CompareFileOptions {
  /** Paths of run files are relative to its folder. */
  readonly path: string;
  /** Text of a file; throws where it cannot be read. */
  readonly readText: (path: string) => string;
}

export type Read =
  | { readonly ok: true; readonly reading: CompareReading }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function readCompareFile(text: string, options: CompareFileOptions): Read {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const { source } = yaml;
  const problems = schemaProblems(CompareFile, source.value, source.lineOf);
  if (problems.length > 0) return { ok: false, problems: byLine(problems) };
  const file = CompareFile.parse(source.value);
  const bases = new Map<string, BaseFile>();
  const found: Problem[] = [];
  for (const [name, given] of Object.entries(file.runs)) {
    const base = baseOf(typeof given === 'string' ? { file: given } : given, options);
    if ('value' in base) bases.set(name, base);
    else found.push({ line: source.lineOf(['runs', name]), key: `runs.${name}`, value: undefined, ...base });
  }
  const grid = combinations(file);
  found.push(...nameProblems(file, source, grid));
  if (found.length > 0) return { ok: false, problems: byLine(found) };
  return { ok: true, reading: { path: options.path, file, source, combinations: grid, bases } };
}

function baseOf(
  { file, counts, ...value }: Exclude<CompareFile['runs'][string], string>,
  { path, readText }: CompareFileOptions,
): BaseFile | { expected: string } {
  const here = new Set(Object.keys(value));
  if (file === undefined) return { value, path, own: undefined, here, counts };
  const where = resolve(dirname(path), file);
  const shown = relative(process.cwd(), where);
  let text: string;
  try {
    text = readText(where);
  } catch {
    return { expected: `there is no readable file ${where}` };
  }
  const yaml = readYaml(text);
  if (!yaml.ok) return { expected: `${shown}, line ${yaml.problems[0]?.line}: ${yaml.problems[0]?.expected}` };
  const { value: read, lineOf } = yaml.source;
  if (!isRecord(read)) return { expected: `${shown}: expected a run file` };
  return { value: { ...read, ...value }, path: where, own: { shown, lineOf }, here, counts };
}

/** Names that are unknown or ambiguous. */
function nameProblems(file: CompareFile, source: YamlSource, grid: readonly Combination[]): readonly Problem[] {
  const found: Problem[] = [];
  const add = (path: readonly PropertyKey[], value: string | undefined, expected: string): void => {
    found.push({ line: source.lineOf(path), key: path.join('.'), value, expected });
  };
  for (const [index, part] of [file, ...(file.grids ?? [])].entries()) {
    const prefix = index === 0 ? [] : ['grids', index - 1];
    for (const [at, name] of (part.data ?? []).entries())
      if (!Object.hasOwn(file.runs, name)) add([...prefix, 'data', at], name, 'expected one of the names under runs');
    const students = Array.isArray(part.students) ? part.students : [];
    for (const [at, name] of students.entries())
      if (!Object.hasOwn(file.students ?? {}, name))
        add([...prefix, 'students', at], name, 'expected one of the names under students');
    const methods = part.methods ?? file.methods;
    if (methods === undefined && (index > 0 || file.grids === undefined))
      add([...prefix, 'methods'], undefined, 'missing; expected a list of methods');
  }
  const points = new Map<string, string>();
  for (const { method } of grid) {
    const { stages: _, ...point } = method.value;
    const known = points.get(point.name) ?? JSON.stringify(point);
    points.set(point.name, known);
    if (known !== JSON.stringify(point))
      add(method.path, point.name, 'this name is already used for another method above');
  }
  const given = isRecord(source.value) && Object.hasOwn(source.value, 'baseline');
  if (given && !points.has(file.baseline)) add(['baseline'], file.baseline, 'expected the name of one of the methods');
  return found;
}
