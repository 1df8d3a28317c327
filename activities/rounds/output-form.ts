/**
 * Finds the response format that the teacher endpoint supports (`teacher.output: auto`), without an extra request. The
 * first call of the run asks for a JSON schema; it is charged and kept like any other call. An endpoint without this
 * format refuses the call, which is not billed, and the round is planned again in the next format. The result is stored
 * in the plan and in the stage's result. See docs/decisions/2026-11-27-form-of-answers.md.
 */
import type { PlanRoundInput } from '../../contracts/activity-messages.ts';
import type { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { stepDown } from '../../domain/tasks/output.ts';
import type { Output } from '../../domain/tasks/output.ts';
import { workerLeaves } from '../boundary.ts';
import { contentKeyOf, requestOf } from '../calls/call-request.ts';
import { openSender } from '../calls/open-sender.ts';
import { CallError } from '../ports/teacher.ts';
import type { World } from '../ports/world.ts';
import { sendCall } from '../calls/send-call.ts';
import type { Sender } from '../calls/send-call.ts';

/** Calls that show nothing about the format (a refused row, an answer from the ledger) before it counts as supported. */
const mostInconclusive = 16;

/** The format that the run file, an earlier round or an earlier stage has decided. */
function knownOutput({ input, earlier }: PlanRoundInput): Output | undefined {
  const { teacher } = input.spec;
  // Runs of versions without this key used text.
  const chosen = teacher?.output ?? 'text';
  if (chosen !== 'auto') return chosen;
  const plan = earlier.findLast(({ output }) => output !== undefined);
  return plan?.output ?? input.history.findLast(({ output }) => output !== undefined)?.output;
}

/** Sends the first of `calls` to find out whether the endpoint supports their format. */
async function isSupported(world: World, request: PlanRoundInput, calls: readonly PlannedCall[]): Promise<boolean> {
  const { input, earlier } = request;
  const round = { spec: input.spec, stage: input.stage, round: earlier.length };
  const done = new AbortController();
  const sender = openSender(world, round, AbortSignal.any([world.draining, done.signal]));
  let inconclusive = 0;
  try {
    for (const call of calls) {
      const { end, sent } = await sendCall(sender, call);
      if (end === 'unsent') throw workerLeaves('The worker ended before the first call was answered.');
      if (end === 'answered' && sent > 0) return true;
      if (end === 'answered' && !(await isAnswerTo(sender, call))) return false;
      inconclusive += 1;
      if (inconclusive === mostInconclusive) return true;
    }
    return true;
  } catch (error) {
    if (isUnsupported(error)) return false;
    throw error;
  } finally {
    done.abort();
  }
}

/**
 * Whether the slot's answer belongs to this very request. An answer in another format, from a preview or a worker that
 * crashed, shows that the endpoint refused this format.
 */
async function isAnswerTo({ ledger, teacher, spec, stage, round }: Sender, call: PlannedCall): Promise<boolean> {
  const record = (await ledger.slots({ run: spec.name, stage, round })).find(({ slot }) => slot === call.slot);
  const key = contentKeyOf(teacher, call, requestOf(spec, call));
  return record?.callId?.startsWith(`${key}.`) ?? true;
}

/** The plan in the best format that the endpoint supports; `output` undefined if there was no call to test it. */
export async function planInBestForm<T extends { readonly calls: readonly PlannedCall[] }>(
  world: World,
  request: PlanRoundInput,
  plan: (output: Output) => Promise<T>,
): Promise<{ readonly planned: T; readonly output: Output | undefined }> {
  let output = knownOutput(request);
  if (output !== undefined) return { planned: await plan(output), output };
  output = firstForm(request.input.spec);
  for (;;) {
    const planned = await plan(output);
    if (planned.calls.length === 0) return { planned, output: undefined };
    const next = stepDown(output);
    if (next === undefined || (await isSupported(world, request, planned.calls))) return { planned, output };
    output = next;
  }
}

/** The format that is tried first. */
export function firstForm({ teacher }: Pick<RunSpec, 'teacher'>): Output {
  const chosen = teacher?.output ?? 'text';
  return chosen === 'auto' ? 'json-schema' : chosen;
}

/** Whether a call failed because the endpoint does not support its response format. */
export function isUnsupported(error: unknown): boolean {
  if (!(error instanceof BaldistillError)) return false;
  return error.cause instanceof CallError && error.cause.reason === 'output_unsupported';
}
