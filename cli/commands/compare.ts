import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { ComparisonPlan } from '../../contracts/comparison/comparison-grid.ts';
import { attachComparison, tellTable } from '../compare/attach-comparison.ts';
import { readComparisonReport } from '../compare/comparison-files.ts';
import { agreeTo, askAbove, mayCost, mostOfCells } from '../estimate/confirm-spending.ts';
import { comparedPlan, limitOf, planOf, readComparison } from '../compare/comparison-source.ts';
import type { ComparisonSource } from '../compare/comparison-source.ts';
import { needsOf, withEngine } from '../engine.ts';
import { exitCodes } from '../exit.ts';
import { goesOn } from '../follow/current-snapshot.ts';
import { keptNotes, openComparison, refuseTaken, writePlan } from '../compare/open-comparison.ts';
import { priceComparison } from '../estimate/estimate-comparison.ts';
import { textOf } from '../runs/run-source.ts';
import type { Terminal } from '../terminal.ts';
import { comparisonLine } from '../view/comparison-estimate.ts';
import type { Finish } from './finish.ts';
import { agreementOf, withAgreement } from './options.ts';
import type { Agreement } from './options.ts';
import { requireKeys, workflowUrl } from './run.ts';

const Options = z.looseObject({ detach: z.boolean().default(false), json: z.boolean().default(false) });

export function compareCommand(program: Command, terminal: Terminal, finish: Finish): void {
  withAgreement(program.command('compare').argument('<file>', 'compare file (YAML)'))
    .description('run a grid of methods, data, students, budgets, stages and seeds, and tabulate it')
    .option('--detach', 'start it and return at once')
    .option('--json', 'one JSON object a line: progress, then how it ended')
    .action(async (given: string, options: unknown) => {
      const { detach, json } = Options.parse(options);
      const agreement = agreementOf(options);
      const path = resolve(given);
      const source = await readComparison(terminal.home, path, textOf(path));
      const plan = planOf(source);
      const { name } = plan;
      const needs = needsOfAll(plan);
      requireKeys(needs);
      await refuseTaken(terminal.home, plan);
      const reference = await writePlan(terminal.home, plan);
      const before = readComparisonReport(terminal.home, name);
      const done = before?.cells.every(({ status }) => status === 'completed') === true;
      if (done && before.plan === reference.sha256) return finish(tellTable(terminal, name, json));
      await agreeToComparison(terminal, source, agreement);
      const code = await withEngine(terminal, needs, async (engine) => {
        const limits = { limit: limitOf(source), window: source.file.window };
        const opened = await openComparison(terminal, engine, plan, reference, limits);
        const { kind } = opened;
        const kept = opened.kind === 'started' ? limits : opened.kept;
        const most = kept === undefined ? '' : `, at most ${kept.limit} calls`;
        terminal.note(`${kind} the comparison "${name}": ${plan.runs.length} cells${most}`);
        for (const line of keptNotes(name, kept, limits)) terminal.note(line);
        if (engine.services.uiUrl !== null) terminal.note(`Temporal UI: ${workflowUrl(engine.services, name)}`);
        if (!detach) return await attachComparison(terminal, engine, name, json);
        if (json) terminal.printJson({ type: kind, comparison: name });
        else terminal.note(`It goes on in the background. Come back with: baldistill watch ${name}`);
        return exitCodes.done;
      });
      finish(code);
    });
}

/**
 * Says what is still to be paid, and asks where that is much. One that goes on was agreed to when it was started; where
 * the endpoints do not bill, nothing is asked.
 */
async function agreeToComparison(
  terminal: Terminal,
  source: ComparisonSource,
  { yes, askAbove: usd }: Agreement,
): Promise<void> {
  if (!source.runs.some(({ spec }) => mayCost(spec))) return;
  const { name } = source.file;
  const priced = await priceComparison(terminal.home, source, ({ spec }) => mayCost(spec));
  if (priced.estimate.cells.length === 0) return;
  terminal.note(comparisonLine(name, comparedPlan(source), priced));
  const above = { ...askAbove, usd };
  const most = mostOfCells(priced.estimate);
  const bill = { ...most, unpriced: Math.min(most.unpriced, limitOf(source)) };
  const agreed = yes || (await goesOn(terminal.home, name));
  await agreeTo(terminal, { what: 'This comparison', ...bill, above, yes: agreed });
}

function needsOfAll({ runs }: ComparisonPlan) {
  const all = runs.map(({ spec }) => needsOf(spec));
  return {
    worker: true,
    embedded: all.some(({ embedded }) => embedded),
    secrets: [...new Set(all.flatMap(({ secrets }) => secrets))],
  };
}
