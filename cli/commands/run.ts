import type { Command } from 'commander';
import { z } from 'zod';
import { checkData } from '../../activities/data/prepare.ts';
import { createImporter } from '../../adapters/datasets/importer.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { Needs } from '../../workers/services/setting.ts';
import { agreeTo, askAbove, mayCost, mostOf } from '../estimate/confirm-spending.ts';
import { attach, resultLines } from '../follow/attach.ts';
import { needsOf, withEngine } from '../engine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import type { ExitCode } from '../exit.ts';
import { goesOn } from '../follow/current-snapshot.ts';
import { recordOf } from '../runs/stored-runs.ts';
import { finishedBefore, openRun, refuseComparison } from '../runs/open-run.ts';
import { planOfRun } from '../estimate/estimate-run.ts';
import { readRun } from '../runs/run-source.ts';
import type { Terminal } from '../terminal.ts';
import { estimateLine } from '../view/estimate.ts';
import { agreementOf, overridesOf, withAgreement, withOverrides } from './options.ts';
import type { Agreement } from './options.ts';
import type { Finish } from './finish.ts';

const Options = z.looseObject({
  name: z.string().optional(),
  detach: z.boolean().default(false),
  json: z.boolean().default(false),
  again: z.boolean().default(false),
});
type Options = z.infer<typeof Options> & Agreement;

export function runCommand(program: Command, terminal: Terminal, finish: Finish): void {
  withAgreement(withOverrides(program.command('run').argument('<file>', 'run file (YAML)')))
    .description('start a run, follow it while it is open, or report it when it has ended')
    .option('--name <name>', 'name of the run, instead of one from the file and the options')
    .option('--detach', 'start it and return at once')
    .option('--again', 'start a stopped run again; its paid answers are reused')
    .option('--json', 'one JSON object a line: progress, then how it ended')
    .action(async (file: string, given: unknown) => {
      const options = { ...Options.parse(given), ...agreementOf(given) };
      finish(await start(terminal, readRun(file, overridesOf(given), options.name), options));
    });
}

/** Opens a run and stays with it. */
export async function start(
  terminal: Terminal,
  spec: RunSpec,
  options: Pick<Options, 'detach' | 'json' | 'again' | 'yes' | 'askAbove'>,
): Promise<ExitCode> {
  const { detach, json, again } = options;
  const record = await recordOf(terminal.home, spec.name);
  refuseComparison(terminal.home, record, spec.name);
  const known = finishedBefore(record, spec, again);
  if (known?.kind === 'finished') {
    if (json) terminal.printJson({ type: 'result', kind: 'result', run: spec.name, result: known.result });
    else terminal.print(resultLines(terminal.home, known.result));
    return exitCodes.done;
  }
  requireKeys(needsOf(spec));
  if (mayCost(spec)) await agreeToRun(terminal, spec, options);
  else await checkData(createImporter(), spec);
  return await withEngine(terminal, needsOf(spec), async (engine) => {
    const opened = await openRun(terminal, engine, spec);
    for (const line of opened.kind === 'joined' ? opened.notes : []) terminal.note(line);
    terminal.note(`${opened.kind === 'started' ? 'started' : 'joined'} the run "${spec.name}"`);
    if (engine.services.uiUrl !== null) terminal.note(`Temporal UI: ${workflowUrl(engine.services, spec.name)}`);
    if (!detach) return await attach(terminal, engine, { run: spec.name, json });
    if (json) terminal.printJson({ type: opened.kind, run: spec.name });
    else terminal.note(`It goes on in the background. Come back with: baldistill watch ${spec.name}`);
    return exitCodes.done;
  });
}

/** Says what the run may cost, and asks where that is much. A run that goes on was agreed to when it was started. */
async function agreeToRun(
  terminal: Terminal,
  spec: RunSpec,
  { yes, askAbove: usd }: Pick<Agreement, 'yes' | 'askAbove'>,
): Promise<void> {
  const { estimate } = await planOfRun(terminal.home, spec);
  terminal.note(estimateLine(estimate));
  const above = { ...askAbove, usd };
  const agreed = yes || (await goesOn(terminal.home, spec.name));
  await agreeTo(terminal, { what: 'This run', ...mostOf(spec, estimate), above, yes: agreed });
}

export function workflowUrl(services: { uiUrl: string | null; namespace: string }, run: string): string {
  return `${services.uiUrl}/namespaces/${services.namespace}/workflows/${encodeURIComponent(run)}`;
}

/** A key that is not set would block the run at its first call: report it before the start. */
export function requireKeys({ secrets }: Pick<Needs, 'secrets'>): void {
  const missing = secrets.filter((name) => !process.env[name]);
  if (missing.length === 0) return;
  const message = `The file names ${missing.join(' and ')} for an API key, which is not set here.`;
  throw new CommandError(exitCodes.usage, message, 'Set it in the environment and start again. Nothing was started.');
}
