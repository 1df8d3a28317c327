/** `preview`: what would leave the machine, and a pilot of it, which is the run's own beginning. */
import type { Command } from 'commander';
import { z } from 'zod';
import { requestOf } from '../../activities/calls/call-request.ts';
import { worstCost } from '../../activities/calls/call-cost.ts';
import { firstForm, isUnsupported } from '../../activities/rounds/output-form.ts';
import { choosePilot, pilotRates, runPilot } from '../../estimate/pilot.ts';
import type { PilotAnswer, PilotCall, PilotRun } from '../../estimate/pilot.ts';
import { certainCalls } from '../../estimate/prompts/certain-calls.ts';
import { teacherRates } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { endpointUrl } from '../../domain/endpoint-address.ts';
import { stepDown } from '../../domain/tasks/output.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { agreeTo, mayCost } from '../estimate/confirm-spending.ts';
import { needsOf } from '../engine.ts';
import { CommandError, exitCodes } from '../exit.ts';
import { recordOf } from '../runs/stored-runs.ts';
import { refuseChanged, refuseComparison } from '../runs/open-run.ts';
import { withPilotWorld } from '../estimate/pilot-world.ts';
import { planningWorld, planOfRun } from '../estimate/estimate-run.ts';
import type { RunPlan } from '../estimate/estimate-run.ts';
import { readRun } from '../runs/run-source.ts';
import type { Terminal } from '../terminal.ts';
import { estimateLine } from '../view/estimate.ts';
import { pilotText, requestsText } from '../view/preview.ts';
import type { ShownRequest } from '../view/preview.ts';
import { overridesOf, withOverrides } from './options.ts';
import { requireKeys } from './run.ts';

const Options = z.looseObject({
  n: z.coerce.number().int().min(1).max(1000).default(5),
  name: z.string().optional(),
  dry: z.boolean().default(false),
  yes: z.boolean().default(false),
  json: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

export function previewCommand(program: Command, terminal: Terminal): void {
  withOverrides(program.command('preview').argument('<file>', 'run file (YAML)'))
    .description('show the requests and buy a few answers in advance; the run reuses them')
    .option('-n <count>', 'rationales to buy, and as many rows to synthesize (default 5)')
    .option('--dry', 'only show the requests; send none')
    .option('--name <name>', 'name of the run, as for `run`')
    .option('--yes', 'buy without asking')
    .option('--json', 'one JSON object')
    .action(async (file: string, given: unknown) => {
      const options = Options.safeParse(given);
      if (!options.success) throw new CommandError(exitCodes.usage, '-n is a whole number from 1 to 1000.');
      const spec = readRun(file, overridesOf(given), options.data.name);
      await preview(terminal, spec, options.data);
    });
}

async function preview(terminal: Terminal, spec: RunSpec, options: Options): Promise<void> {
  const { home } = terminal;
  if (spec.teacher === undefined) throw new CommandError(exitCodes.usage, `${spec.method} asks no teacher.`);
  const record = await recordOf(home, spec.name);
  refuseComparison(home, record, spec.name);
  if (record !== undefined) refuseChanged(record.spec, spec);
  const plan = await planOfRun(home, spec);
  const pilot = await pilotIn(firstForm(spec), { home, spec, plan, n: options.n });
  const requests = requestsOf(home, spec, pilot.calls);
  if (options.dry) {
    if (options.json) terminal.printJson({ run: spec.name, requests });
    else terminal.print(requestsText(requests));
    return;
  }
  requireKeys({ secrets: needsOf({ ...spec, student: { driver: 'none' } }).secrets });
  await agree(terminal, spec, plan, pilot.calls, options);
  const answers = await sendInBestForm(pilot, { home, spec, plan, n: options.n });
  const { estimate } = await planOfRun(home, spec);
  if (options.json) {
    terminal.printJson({ run: spec.name, rates: pilotRates(answers), answers: answers.map(shown), estimate });
    return;
  }
  terminal.print(pilotText(answers, { n: options.n, columns: process.stdout.columns ?? 120 }));
  terminal.print(`\nWith what this says of the teacher\n  ${estimateLine(estimate)}`);
  terminal.note(`These are the run's own first calls: \`baldistill run\` with the same file finds them paid.`);
}

/** A pilot is asked about however little it costs: who looks at a preview may not expect to pay. */
async function agree(
  terminal: Terminal,
  spec: RunSpec,
  { estimate }: RunPlan,
  calls: readonly PilotCall[],
  { yes }: Options,
): Promise<void> {
  if (!mayCost(spec)) return;
  const rates = teacherRates(spec);
  const { maxTokens } = planningWorld(terminal.home, null).teacher(spec);
  const worst = calls.map(({ call }) => worstCost(call, maxTokens, rates).microUsd);
  const microUsd = worst.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  terminal.note(`the run     ${estimateLine(estimate)}`);
  await agreeTo(terminal, {
    what: `A pilot of ${calls.length} calls`,
    microUsd,
    unpriced: rates === null ? calls.length : 0,
    unpricedJobs: 0,
    above: { usd: 0, calls: 0 },
    yes,
  });
}

interface Previewed {
  readonly home: string;
  readonly spec: RunSpec;
  readonly plan: RunPlan;
  readonly n: number;
}

interface Pilot {
  readonly output: Output;
  readonly calls: readonly PilotCall[];
  /** Rows that stage 0 takes. */
  readonly selection: PilotRun['selection'];
}

/** The pilot as it is asked for in one form. */
async function pilotIn(output: Output, { home, spec, plan, n }: Previewed): Promise<Pilot> {
  const certain = await certainCalls(planningWorld(home, null), { spec, prepared: plan.prepared }, plan.pool, output);
  return { output, calls: choosePilot(certain, plan.pool, n), selection: certain.first?.selection };
}

/** An endpoint that does not know a form refuses it unbilled, and is asked in the next one, as the run will do. */
async function sendInBestForm(pilot: Pilot, previewed: Previewed): Promise<readonly PilotAnswer[]> {
  const { spec } = previewed;
  try {
    return await send(pilot, previewed);
  } catch (error) {
    const next = spec.teacher?.output === 'auto' && isUnsupported(error) ? stepDown(pilot.output) : undefined;
    if (next === undefined) throw error;
    return await sendInBestForm(await pilotIn(next, previewed), previewed);
  }
}

async function send({ calls, selection }: Pilot, { home, spec, plan }: Previewed): Promise<readonly PilotAnswer[]> {
  const { prepared } = plan;
  const leaving = new AbortController();
  // What is in flight is paid for and settles; the second signal does not wait for it.
  const leave = (): void => {
    if (leaving.signal.aborted) process.exit(exitCodes.detached);
    leaving.abort();
  };
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    return await withPilotWorld(home, spec, async (world) => {
      return await runPilot(world, { spec, prepared, selection }, calls, leaving.signal);
    });
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

function requestsOf(home: string, spec: RunSpec, calls: readonly PilotCall[]): readonly ShownRequest[] {
  const teacher = planningWorld(home, null).teacher(spec);
  const base = spec.teacher !== undefined && 'baseUrl' in spec.teacher ? spec.teacher.baseUrl : undefined;
  const path = '/chat/completions';
  return calls.map(({ stage, call }) => ({
    stage,
    slot: call.slot,
    domain: call.domain,
    kind: call.kind,
    url: base === undefined ? `embedded endpoint${path}` : endpointUrl(base, path),
    body: teacher.content(requestOf(spec, call)),
  }));
}

function shown({ stage, call, record, decision, asked, gold }: PilotAnswer) {
  const { slot, domain, kind } = call;
  return { stage, slot, domain, kind, asked, gold, answer: record?.answer ?? null, decision };
}
