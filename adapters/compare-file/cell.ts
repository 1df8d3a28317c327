/** One cell: the run file of its data set with the axes' values in it, resolved, and its mistakes at their places. */
import { RunName } from '../../contracts/run/run-file.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { formatProblem, showValue } from '../run-file/problem.ts';
import type { Problem } from '../run-file/problem.ts';
import { resolveRun } from '../run-file/resolve.ts';
import { isRecord } from '../run-file/union-branch.ts';
import type { Combination, Point } from './grid.ts';
import type { BaseFile, CompareReading } from './read.ts';

export interface CellOptions {
  /** The data folder (BALDISTILL_DATA); undefined where there is none. */
  readonly dataRoot: string | undefined;
}

/** What an axis or a rule puts into a run file: at a dotted path, from a place in the compare file. */
type Setting = Point<unknown>;

/** Replaces the labels of axes that are not given. */
export const unnamed = 'default';

/** `slots` undefined: as the run file has them. */
export function resolveCell(
  reading: CompareReading,
  combination: Combination,
  base: BaseFile,
  slots: number | undefined,
  { dataRoot }: CellOptions,
): { ok: true; spec: RunSpec } | { ok: false; problems: readonly Problem[] } {
  const { value, settings } = cellValue(reading, combination, base, slots);
  const resolved = resolveRun(value, {
    path: base.path,
    dataRoot,
    changed: new Set(settings.keys()),
    lineOf: () => null,
    dataAbsent: base.counts !== undefined,
  });
  if (!resolved.ok)
    return {
      ok: false,
      problems: resolved.problems.map((problem) => placed(reading, combination, base, settings, problem)),
    };
  const name = nameOf(reading.file.name, combination, resolved.spec);
  if (RunName.safeParse(name).success) return { ok: true, spec: { ...resolved.spec, name } };
  const expected = `expected a shorter name: ${name} is one of its runs, and a name has at most 200 characters`;
  const line = reading.source.lineOf(['name']);
  return { ok: false, problems: [{ line, key: 'name', value: reading.file.name, expected }] };
}

/** `name,key=value` in key order. Every axis is named, so that names stay the same when axes are added. */
function nameOf(name: string, { data, method, student }: Combination, { seed, budget, stages }: RunSpec): string {
  const keys = {
    data,
    method: method.value.name,
    seed,
    slots: budget.slots,
    stages,
    student: student?.value ?? unnamed,
  };
  return [name, ...Object.entries(keys).map(([key, value]) => `${key}=${value}`)].join(',');
}

/** The run file of a data set with the axes' values in it; `settings` by dotted path say where each came from. */
function cellValue(
  { file }: CompareReading,
  { data, method, student, budget, stages, seed }: Combination,
  base: BaseFile,
  slots: number | undefined,
): { value: Record<string, unknown>; settings: ReadonlyMap<string, Setting> } {
  const settings = new Map<string, Setting>();
  const given = base.value;
  const set = (key: string, value: unknown, path: readonly PropertyKey[]): void => {
    settings.set(key, { value, path });
  };
  set('name', file.name, ['name']);
  set('method', method.value.method, method.path);
  const own = Object.keys(method.value.switches);
  const switches = isRecord(given['switches']) ? given['switches'] : {};
  if (own.length > 0) set('switches', { ...switches, ...method.value.switches }, [...method.path, 'switches']);
  if (student !== undefined) set('student', file.students?.[student.value], ['students', student.value]);
  if (stages !== undefined) set('stages', stages.value, stages.path);
  if (seed !== undefined) set('seed', seed.value, seed.path);
  if (base.counts !== undefined && given['data'] === undefined)
    set('data', { train: 'absent', fields: { input: 'input', answer: 'answer' } }, ['runs']);
  if (slots !== undefined) set('budget', budgetOf(given['budget'], slots), budget?.path ?? ['runs', data]);
  const values = Object.fromEntries([...settings].map(([key, { value }]) => [key, value]));
  return { value: { ...structuredClone(given), ...values }, settings };
}

/** Other slots than the run file's: its limits of calls, tokens and money keep their proportion. */
function budgetOf(given: unknown, slots: number): unknown {
  if (!isRecord(given)) return { slots };
  const own = Number(given['slots']);
  const scaled = ['calls', 'tokens', 'usd'].flatMap((key) => {
    const limit = given[key];
    if (typeof limit !== 'number' || !(own > 0)) return [];
    // Multiplied first: 100 * (110 / 100) is a little more than 110.
    const inProportion = (limit * slots) / own;
    return [[key, key === 'usd' ? inProportion : Math.ceil(inProportion)] as const];
  });
  return { ...given, ...Object.fromEntries(scaled), slots };
}

/** Where to fix a cell's problem: a place in the compare file, or a run file. */
function placed(
  { source }: CompareReading,
  combination: Combination,
  base: BaseFile,
  settings: ReadonlyMap<string, Setting>,
  problem: Problem,
): Problem {
  const path = problem.key.split('.');
  const setting = settings.get(path[0] ?? '');
  if (setting !== undefined) {
    const key = setting.path.join('.');
    const value = showValue(setting.path, setting.value);
    const expected = `${problem.key}: ${problem.expected}`;
    return { line: source.lineOf(setting.path), key, value, expected };
  }
  const run = ['runs', combination.data];
  if (base.own === undefined || base.here.has(path[0] ?? ''))
    return { ...problem, line: source.lineOf([...run, ...path]), key: [...run, ...path].join('.') };
  const there = formatProblem({ ...problem, line: base.own.lineOf(path) });
  return { line: source.lineOf(run), key: run.join('.'), value: undefined, expected: `${base.own.shown}, ${there}` };
}
