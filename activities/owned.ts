/**
 * The door of every activity that works for a run: it opens the signed run, checks that the workflow which asks is that
 * run or one of its stages, and holds the ledger against the pin the run carries. Behind it there is only verified work.
 */
import { Context } from '@temporalio/activity';
import type { SignedComparison } from '../contracts/comparison/comparison-messages.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { SignedRun } from '../contracts/signed/signed-run.ts';
import type { Connected } from '../contracts/stage.ts';
import { BaldistillError } from '../domain/failures.ts';
import { guarded } from './boundary.ts';
import type { World } from './ports/world.ts';

type Reaches = Pick<World, 'ledger' | 'owner'>;

interface Asked {
  readonly run: SignedRun;
  readonly connected?: Connected | null;
}

/** For inputs that hold the run themselves. */
export function owned<Rest extends object, Output>(
  world: Reaches,
  work: (input: Rest & { spec: RunSpec }) => Promise<Output>,
): (request: Rest & { run: SignedRun; connected?: Connected | null }) => Promise<Output> {
  return guarded(async (request) => await work(opened(request, await open(world, request))));
}

/** For inputs about a stage, which hold the run in their `input`. */
export function ownedStage<Rest extends object, Input extends object, Output>(
  world: Reaches,
  work: (input: Rest & { input: Input & { spec: RunSpec } }) => Promise<Output>,
): (request: Rest & { input: Input & { run: SignedRun; connected: Connected } }) => Promise<Output> {
  return guarded(async (request) => {
    const spec = await open(world, request.input);
    return await work({ ...request, input: opened(request.input, spec) });
  });
}

/** For activities that need the run's name alone; they work without the artifact store. */
export function named<Request extends { readonly run: SignedRun }, Output>(
  { owner }: Reaches,
  work: (name: string, request: Request) => Promise<Output>,
): (request: Request) => Promise<Output> {
  return guarded(async (request) => {
    const { signature, ...said } = request.run;
    owner.verify({ kind: 'run', ...said }, signature);
    const { name } = said.outline;
    requireRun(name);
    return await work(name, request);
  });
}

/** For the activities of a comparison. */
export function ownedComparison<Request extends { readonly comparison: SignedComparison }, Output>(
  world: Reaches,
  work: (request: Request) => Promise<Output>,
): (request: Request) => Promise<Output> {
  return guarded(async (request) => {
    const { signature, ...said } = request.comparison;
    world.owner.verify({ kind: 'comparison', ...said }, signature);
    requireCaller(said.name, ({ workflowId }) => workflowId === said.name);
    return await work(request);
  });
}

/** The spec in place of the signed run: what is stored of an input afterwards holds one of them. */
function opened<Request extends { readonly run: SignedRun }>(
  request: Request,
  spec: RunSpec,
): Request & { spec: RunSpec } {
  const input = { ...request, spec };
  Reflect.deleteProperty(input, 'run');
  return input;
}

async function open({ owner, ledger }: Reaches, { run, connected }: Asked): Promise<RunSpec> {
  const spec = await owner.openRun(run);
  requireRun(spec.name);
  if (connected != null) await ledger.verify(connected.ledger);
  return spec;
}

function requireRun(name: string): void {
  requireCaller(name, ({ workflowId }) => workflowId === name || isStageOf(name, workflowId));
}

/** A copied signature must not start another workflow. */
function requireCaller(name: string, fits: (execution: { workflowId: string }) => boolean): void {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution !== undefined && fits(workflowExecution)) return;
  const { workflowId } = workflowExecution ?? { workflowId: 'none' };
  throw new BaldistillError('NotOurs', `The workflow ${workflowId} carries what was signed for ${name}.`);
}

function isStageOf(name: string, workflowId: string): boolean {
  return workflowId.startsWith(`${name}/stage-`) && /^\d+$/.test(workflowId.slice(`${name}/stage-`.length));
}
