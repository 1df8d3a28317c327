import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createPrepare } from '../../activities/data/prepare.ts';
import { createFileArtifacts } from '../../adapters/artifacts/file-artifacts.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import { registerRuns } from '../../adapters/owner/register-runs.ts';
import type { CompareInput } from '../../contracts/comparison/comparison-messages.ts';
import type { ComparisonPlan, PlannedRun } from '../../contracts/comparison/comparison-grid.ts';
import { engineSettings } from '../../workers/temporal-config.ts';
import type { Home } from '../engine/rig.ts';
import { readCompareFile } from '../../adapters/compare-file/read.ts';
import { formatProblem } from '../../adapters/run-file/problem.ts';
import { cells, dataRuns } from '../../adapters/compare-file/cells.ts';
import type { Cells } from '../../adapters/compare-file/cells.ts';

/** The data set of most stories. */
export const wordnet =
  'runs: { wordnet: { data: { builtin: wordnet, pool: 600 }, teacher: { embedded: simulated }, student: { embedded: naive-bayes } } }';

interface Files {
  /** Pool rows of every data set. */
  readonly pool?: number;
  readonly files?: Readonly<Record<string, string>>;
}

/** The cells of a compare file. */
export function cellsOf(lines: readonly string[], given: Files = {}): readonly PlannedRun[] {
  const resolved = resolve(lines, given);
  if (!resolved.ok) throw new Error(resolved.problems.map(formatProblem).join('\n'));
  return resolved.runs;
}

export function namesOf(lines: readonly string[]): string[] {
  return cellsOf(lines).map(({ spec }) => spec.name);
}

/** The problems of a compare file, as lines. */
export function problemsOf(lines: readonly string[], given: Files = {}): string[] {
  const resolved = resolve(lines, given);
  return resolved.ok ? [] : resolved.problems.map(formatProblem);
}

/** The data sets that are prepared before the cells are created. */
export function dataOf(lines: readonly string[]): readonly string[] {
  const read = readIt(lines, {});
  const here = read.ok ? dataRuns(read.reading, { dataRoot: undefined }) : read;
  if (!here.ok) throw new Error(here.problems.map(formatProblem).join('\n'));
  return here.runs.map(({ data }) => data);
}

function resolve(lines: readonly string[], { pool = 600, files = {} }: Files): Cells {
  const read = readIt(lines, files);
  if (!read.ok) return read;
  const pools = new Map([...read.reading.bases.keys()].map((name) => [name, pool]));
  return cells(read.reading, pools, { dataRoot: undefined });
}

function readIt(lines: readonly string[], files: NonNullable<Files['files']>): ReturnType<typeof readCompareFile> {
  return readCompareFile(lines.join('\n'), {
    path: '/files/compare.yaml',
    readText: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`no ${path}`);
      return text;
    },
  });
}

/** The input of the workflow; the plan is stored in the artifacts of this home. */
export async function comparisonInput(
  home: Home,
  lines: readonly string[],
  limits: { readonly limit?: number; readonly window?: number } = {},
): Promise<{ input: CompareInput; plan: ComparisonPlan }> {
  const runs = [...cellsOf(lines)];
  const [first] = runs;
  if (first === undefined) throw new Error('no cells');
  mkdirSync(home.path, { recursive: true });
  const artifacts = createFileArtifacts(join(home.path, 'artifacts'));
  const prepared = await createPrepare({ artifacts, importer: createImporter() })(first.spec);
  const name = first.spec.name.split(',')[0] ?? '';
  const dataSets = [{ name: 'wordnet', prepared }];
  const plan: ComparisonPlan = { name, baseline: 'random-ft-cot', budgets: first.budgets, dataSets, runs };
  await registerRuns(
    home.path,
    runs.map(({ spec }) => spec),
  );
  const statement = {
    name,
    plan: await artifacts.writeJson(plan),
    cells: runs.length,
    limit: 10_000,
    window: 2,
    ...limits,
  };
  const input: CompareInput = {
    comparison: { ...statement, signature: home.owner.sign({ kind: 'comparison', ...statement }) },
    searchAttributes: true,
    engine: engineSettings(home.config),
  };
  return { input, plan };
}
