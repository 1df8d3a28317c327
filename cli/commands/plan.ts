/** `plan`: what a run would cost, or what a comparison would ask for. Reads the data; starts nothing, sends no request. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isRecord } from '../../adapters/run-file/union-branch.ts';
import { readYaml } from '../../adapters/run-file/yaml-source.ts';
import { comparedPlan, readComparison } from '../compare/comparison-source.ts';
import { planOfRun } from '../estimate/estimate-run.ts';
import { priceComparison } from '../estimate/estimate-comparison.ts';
import { readRun, textOf } from '../runs/run-source.ts';
import type { Terminal } from '../terminal.ts';
import { comparisonPlanText } from '../view/comparison-estimate.ts';
import { runPlanText } from '../view/plan.ts';
import { Json, overridesOf, withOverrides } from './options.ts';

export function planCommand(program: Command, terminal: Terminal): void {
  withOverrides(program.command('plan').argument('<file>', 'run file or compare file (YAML)'))
    .description('estimate what a run or a comparison will cost, as ranges')
    .option('--json', 'one JSON object')
    .action(async (given: string, options: unknown) => {
      const path = resolve(given);
      const text = textOf(path);
      const { json } = Json.parse(options);
      if (isCompareFile(text)) return await planComparison(terminal, path, text, json);
      const spec = readRun(path, overridesOf(options));
      const { plan, pool, estimate } = await planOfRun(terminal.home, spec);
      if (json) terminal.printJson({ ...plan, pool, estimate });
      else terminal.print(runPlanText(plan, pool, estimate, spec.teacher?.concurrency ?? null));
    });
}

async function planComparison(terminal: Terminal, path: string, text: string, json: boolean): Promise<void> {
  const source = await readComparison(terminal.home, path, text);
  const plan = comparedPlan(source);
  const priced = await priceComparison(terminal.home, source);
  if (!json) return terminal.print(comparisonPlanText(plan, priced));
  const { cells, teacher, student, assumptions } = priced.estimate;
  const estimates = new Map(cells.map((cell) => [cell.spec.name, cell]));
  const runs = plan.runs.map((run) => {
    const cell = estimates.get(run.run);
    return { ...run, estimate: cell === undefined ? null : { teacher: cell.teacher, student: cell.student } };
  });
  const { completed, unknown } = priced;
  terminal.printJson({ name: source.file.name, ...plan, runs, teacher, student, completed, unknown, assumptions });
}

/** Only a compare file has `runs`. One that cannot be read is judged as a run file. */
function isCompareFile(text: string): boolean {
  const yaml = readYaml(text);
  return yaml.ok && isRecord(yaml.source.value) && Object.hasOwn(yaml.source.value, 'runs');
}
