/** `plan`: what a run would cost, or what a comparison would ask for. Reads the data; starts nothing, asks nobody. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isRecord } from '../../adapters/run-file/union-branch.ts';
import { readYaml } from '../../adapters/run-file/yaml-source.ts';
import { limitOf, readComparison } from '../comparison-source.ts';
import { plannedRun } from '../../activities/plan/planned-run.ts';
import { planOfRun } from '../planning.ts';
import { readRun, textOf } from '../run-source.ts';
import type { Terminal } from '../terminal.ts';
import { comparisonPlanText, runPlanText } from '../view/plan.ts';
import { Json, overridesOf, withOverrides } from './options.ts';

export function planCommand(program: Command, terminal: Terminal): void {
  withOverrides(program.command('plan').argument('<file>', 'run file or compare file (YAML)'))
    .description('say what a run would cost, with ranges and what they rest on, or what a comparison would ask')
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
  const counts = new Map(source.dataSets.map((data) => [data.name, data.counts]));
  const runs = source.runs.map(({ spec, data, method, student, capped }) => ({
    ...plannedRun(spec, counts.get(data) ?? {}),
    data,
    method,
    student,
    capped,
  }));
  const plan = { runs, limit: limitOf(source) };
  if (json) terminal.printJson({ name: source.file.name, ...plan });
  else terminal.print(comparisonPlanText(plan));
}

/** Only a compare file has `runs`. One that cannot be read is judged as a run file. */
function isCompareFile(text: string): boolean {
  const yaml = readYaml(text);
  return yaml.ok && isRecord(yaml.source.value) && Object.hasOwn(yaml.source.value, 'runs');
}
