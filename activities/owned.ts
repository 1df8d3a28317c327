/**
 * Wraps every activity that works for a run: verifies the signed run, checks that the calling workflow is that run or one
 * of its stages, and compares the ledger with the pin in the request. See docs/security.md.
 */
import { Context } from '@temporalio/activity';
import type { SignedComparison } from '../contracts/comparison/comparison-messages.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import type { SignedRun } from '../contracts/signed/signed-run.ts';
import type { Connected } from '../contracts/stage.ts';
import { BaldistillError } from '../domain/failures.ts';
import { guarded } from './boundary.ts';
import type { World } from './ports/world.ts';

type Verifier = Pick<World, 'ledger' | 'owner'>;

interface RunRequest {
  readonly run: SignedRun;
  readonly connected?: Connected | null;
}

/** For activities whose input holds the run. */
export function owned<Rest extends object, Output>(
  world: Verifier,
  work: (input: Rest & { spec: RunSpec }) => Promise<Output>,
): (request: Rest & { run: SignedRun; connected?: Connected | null }) => Promise<Output> {
  return guarded(async (request) => await work(withSpec(request, await verifiedSpec(world, request))));
}

/** For activities of a stage, whose input holds the run in its `input`. */
export function ownedStage<Rest extends object, Input extends object, Output>(
  world: Verifier,
  work: (input: Rest & { input: Input & { spec: RunSpec } }) => Promise<Output>,
): (request: Rest & { input: Input & { run: SignedRun; connected: Connected } }) => Promise<Output> {
  return guarded(async (request) => {
    const spec = await verifiedSpec(world, request.input);
    return await work({ ...request, input: withSpec(request.input, spec) });
  });
}

/** For activities that need only the run's name; they work without the artifact store. */
export function named<Request extends { readonly run: SignedRun }, Output>(
  { owner }: Verifier,
  work: (name: string, request: Request) => Promise<Output>,
): (request: Request) => Promise<Output> {
  return guarded(async (request) => {
    const { signature, ...statement } = request.run;
    owner.verify({ kind: 'run', ...statement }, signature);
    const { name } = statement.outline;
    requireRun(name);
    return await work(name, request);
  });
}

/** For the activities of a comparison. */
export function ownedComparison<Request extends { readonly comparison: SignedComparison }, Output>(
  world: Verifier,
  work: (request: Request) => Promise<Output>,
): (request: Request) => Promise<Output> {
  return guarded(async (request) => {
    const { signature, ...statement } = request.comparison;
    world.owner.verify({ kind: 'comparison', ...statement }, signature);
    requireCaller(statement.name, ({ workflowId }) => workflowId === statement.name);
    return await work(request);
  });
}

/** Replaces the signed run by its spec, so that a stored input does not hold both. */
function withSpec<Request extends { readonly run: SignedRun }>(
  request: Request,
  spec: RunSpec,
): Request & { spec: RunSpec } {
  const input = { ...request, spec };
  Reflect.deleteProperty(input, 'run');
  return input;
}

async function verifiedSpec({ owner, ledger }: Verifier, { run, connected }: RunRequest): Promise<RunSpec> {
  const spec = await owner.openRun(run);
  requireRun(spec.name);
  if (connected != null) await ledger.verify(connected.ledger);
  return spec;
}

function requireRun(name: string): void {
  requireCaller(name, ({ workflowId }) => workflowId === name || isStageOf(name, workflowId));
}

/** A signature copied into another workflow must not work there. */
function requireCaller(name: string, fits: (execution: { workflowId: string }) => boolean): void {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution !== undefined && fits(workflowExecution)) return;
  const { workflowId } = workflowExecution ?? { workflowId: 'none' };
  throw new BaldistillError('NotOurs', `The workflow ${workflowId} presents a signature that was made for ${name}.`);
}

function isStageOf(name: string, workflowId: string): boolean {
  return workflowId.startsWith(`${name}/stage-`) && /^\d+$/.test(workflowId.slice(`${name}/stage-`.length));
}
