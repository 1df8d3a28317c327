/** Writes a comparison into its folder: JSON, Markdown, CSV and HTML. */
import { join } from 'node:path';
import { Comparison } from '../../contracts/comparison/comparison.ts';
import type { ComparisonData } from '../../contracts/comparison/comparison.ts';
import type { ComparisonReportInput } from '../../contracts/comparison/comparison-messages.ts';
import { simulatedParts } from '../../contracts/run/simulated.ts';
import type { Task } from '../../domain/tasks/task.ts';
import { blockOf } from '../../report/comparison/table.ts';
import { comparisonCsv } from '../../report/comparison/csv.ts';
import { curvesOf } from '../../report/comparison/curves.ts';
import { blocksOf, distinct } from '../../report/comparison/groups.ts';
import { comparisonMarkdown } from '../../report/comparison/markdown.ts';
import type { World } from '../ports/world.ts';
import { differencesIn } from './differences.ts';
import { describeData, gatherCells } from './gather.ts';
import { readPlan } from './read-grid.ts';

export async function writeComparison(world: World, input: ComparisonReportInput): Promise<{ folder: string }> {
  const comparison = await comparisonOf(world, input);
  const folder = world.comparisonFolder(comparison.name);
  const { artifacts } = world;
  await artifacts.exportText(comparisonMarkdown(comparison), join(folder, 'comparison.md'));
  await artifacts.exportText(comparisonCsv(comparison), join(folder, 'comparison.csv'));
  // The chart library is slow to load, so it is imported only when a page is written.
  const { htmlComparison } = await import('../../report/html/comparison/comparison-page.ts');
  await artifacts.exportText(htmlComparison(comparison), join(folder, 'comparison.html'));
  // Written last: if this file exists, all others do.
  await artifacts.exportText(`${JSON.stringify(comparison, null, 2)}\n`, join(folder, 'comparison.json'));
  return { folder };
}

async function comparisonOf(world: World, { comparison, status, outcomes }: ComparisonReportInput) {
  const { plan: reference, limit } = comparison;
  const plan = await readPlan(world, reference);
  const gathered = await gatherCells(world, plan, outcomes);
  const cells = gathered.map(({ cell }) => cell);
  const dataSets: ComparisonData[] = [];
  const tasks = new Map<string, Task>();
  for (const { name, prepared } of plan.dataSets) {
    const spec = plan.runs.find((run) => run.data === name)?.spec;
    if (spec === undefined) continue;
    const { described, task } = await describeData(world, name, { prepared, spec });
    dataSets.push(described);
    tasks.set(name, task);
  }
  const blocks = [];
  for (const group of blocksOf(gathered, plan.budgets, ({ cell }) => cell)) {
    const differences = await differencesIn(world.artifacts, group, plan.baseline, tasks);
    blocks.push(blockOf(group, dataSets, plan.baseline, differences));
  }
  const firstOf = new Map(plan.runs.toReversed().map((run) => [run.method, run.spec]));
  return Comparison.parse({
    version: 1,
    name: plan.name,
    status,
    plan: reference.sha256,
    writtenAt: new Date().toISOString(),
    baseline: plan.baseline,
    calls: { limit, charged: cells.reduce((sum, { charged }) => sum + charged, 0) },
    simulated: distinct(plan.runs.flatMap(({ spec }) => simulatedParts(spec))),
    dataSets,
    methods: distinct(plan.runs.map(({ method }) => method)).map((name) => {
      const spec = firstOf.get(name);
      return { name, method: spec?.method ?? name, switches: spec?.switches ?? {} };
    }),
    blocks,
    curves: curvesOf(cells, plan.budgets, plan.baseline),
    cells,
  } satisfies Comparison);
}
