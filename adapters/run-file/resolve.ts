/** From the text of a run file to a run with every choice made, or to everything that is wrong with it. */
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { longestSpec } from '../../contracts/payload-limits.ts';
import { RunFile } from '../../contracts/run/run-file.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { plannedCalls } from '../../domain/budget/needed-calls.ts';
import { dataFindings, dataRootOf } from './data-files.ts';
import { applyOverrides, nameOf } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import { byLine, showValue } from './problem.ts';
import type { Problem } from './problem.ts';
import { readPromptFiles } from './prompt-files.ts';
import { withCurrentNames } from './renamed-keys.ts';
import { schemaProblems } from './schema-problems.ts';
import type { LineOf } from './schema-problems.ts';
import { priceFindings, pricesOf } from './prices.ts';
import { semanticFindings } from './semantics.ts';
import type { Parts } from './semantics.ts';
import { isRecord } from './union-branch.ts';
import { spareCalls, stagesOf, switchesOf } from './method-point.ts';
import { readYaml } from './yaml-source.ts';

export interface RunFileOptions {
  /** Path of the run file: data paths without `data.folder` are relative to its folder. */
  readonly path: string;
  readonly overrides: Overrides;
  /** Name of the run, instead of the one made from the file's name and the overrides. */
  readonly name?: string | undefined;
  /** The data folder (BALDISTILL_DATA); undefined where there is none. */
  readonly dataRoot: string | undefined;
}

export interface RunValue extends Pick<RunFileOptions, 'path' | 'dataRoot'> {
  readonly changed: ReadonlySet<string>;
  readonly lineOf: LineOf;
  /** The data need not be there: only a plan is made. */
  readonly dataAbsent?: boolean;
}

export type Resolved =
  | { readonly ok: true; readonly spec: RunSpec }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads only the text and checks that the data files exist. Never throws for a bad file. */
export function resolveRunFile(text: string, options: RunFileOptions): Resolved {
  const reading = readYaml(text);
  if (!reading.ok) return reading;
  const { source } = reading;
  const { value, changed, problems } = applyOverrides(source.value, options.overrides);
  if (!isRecord(value)) {
    const expected = 'expected a run file: name, data, method, budget, teacher and student';
    return { ok: false, problems: [{ line: 1, key: '', value: undefined, expected }] };
  }
  const fileName = value['name'];
  value['name'] = nameOf(fileName, options.overrides, options.name);
  const lineOf: LineOf = (path) => {
    const key = path.join('.');
    const fromCommandLine = changed.has(key) || (key === 'name' && value['name'] !== fileName);
    return fromCommandLine ? null : source.lineOf(path);
  };
  const resolved = resolveRun(value, { ...options, changed, lineOf });
  if (problems.length === 0) return resolved;
  return { ok: false, problems: byLine([...problems, ...(resolved.ok ? [] : resolved.problems)]) };
}

/** The value of a run file after overrides: `changed` has the dotted paths that are not from the file. */
export function resolveRun(given: Record<string, unknown>, options: RunValue): Resolved {
  const { changed, lineOf } = options;
  const value = withCurrentNames(given);
  const parts = partsOf(value);
  const stagesChosen = Object.hasOwn(value, 'stages') && changed.has('stages') === changed.has('method');
  const absent = parts.data === undefined || options.dataAbsent === true;
  const data = absent ? [] : dataFindings(parts.data, options.path, options.dataRoot);
  const { prompts, findings: wording } = readPromptFiles(parts.teacher, parts.task, options.path);
  const findings = [...semanticFindings(parts, stagesChosen), ...priceFindings(parts), ...data, ...wording].map(
    ({ path, expected }) => ({
      line: lineOf(path),
      key: path.join('.'),
      value: showValue(path, valueAt(value, path)),
      expected,
    }),
  );
  const all = [...schemaProblems(RunFile, value, lineOf), ...findings];
  if (all.length > 0) return { ok: false, problems: byLine(all) };
  const spec = specOf(RunFile.parse(value), prompts, options);
  const bytes = Buffer.byteLength(JSON.stringify(spec));
  if (bytes <= longestSpec) return { ok: true, spec };
  const expected =
    `the settings of the run, with its prompt templates and prices, take ${bytes} bytes; ` +
    `expected at most ${longestSpec}: shorten the templates, or leave out prices of other models`;
  return { ok: false, problems: [{ line: lineOf([]), key: '', value: undefined, expected }] };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (isRecord(node) ? node[key] : undefined), value);
}

function partsOf(value: Record<string, unknown>): Parts {
  const part = <S extends z.ZodType>(schema: S, key: string): z.infer<S> | undefined =>
    schema.safeParse(value[key]).data;
  const { shape } = RunFile;
  return {
    method: part(shape.method, 'method'),
    switches: part(shape.switches, 'switches'),
    stages: part(shape.stages, 'stages'),
    budget: part(shape.budget, 'budget'),
    teacher: part(shape.teacher, 'teacher'),
    teacherGiven: Object.hasOwn(value, 'teacher'),
    student: part(shape.student, 'student'),
    data: part(shape.data, 'data'),
    task: part(shape.task, 'task'),
    prices: part(shape.prices, 'prices'),
  };
}

/** A command runs where its run file says, wherever the worker runs. */
function studentOf(student: RunFile['student'], runFile: string): RunFile['student'] {
  const byCommand = 'driver' in student && student.driver === 'command';
  return byCommand ? { ...student, cwd: resolve(dirname(runFile), student.cwd) } : student;
}

/**
 * The call limit L is B by default, plus planned verify calls, plus what the preset adds. A run stops sending after
 * max(2 x concurrency, 1 % of B) forfeited calls. A method without teacher calls has no teacher.
 */
function specOf(
  file: RunFile,
  prompts: RunSpec['prompts'],
  options: Pick<RunFileOptions, 'path' | 'dataRoot'>,
): RunSpec {
  const { slots, maxForfeits } = file.budget;
  const switches = switchesOf(file.method, file.switches);
  const stages = stagesOf(file.method, file.stages);
  const planned = plannedCalls(switches, slots, stages);
  const { teacher: written, ...rest } = file;
  const teacher = planned === 0 ? undefined : written;
  return {
    ...rest,
    ...(teacher === undefined ? {} : { teacher }),
    student: studentOf(file.student, options.path),
    dataRoot: dataRootOf(file.data, options.path, options.dataRoot),
    switches,
    prompts: teacher === undefined ? {} : prompts,
    stages,
    prices: pricesOf({ ...rest, teacher }),
    budget: {
      ...file.budget,
      calls: file.budget.calls ?? Math.max(slots, planned) + spareCalls(file.method, slots),
      maxForfeits: maxForfeits ?? Math.max(2 * (teacher?.concurrency ?? 0), Math.ceil(slots / 100)),
    },
  };
}
