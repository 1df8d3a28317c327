/**
 * In which form the teacher answers (`teacher.output: auto`). No request is made for the sake of knowing: the first
 * call of the run is the canary. It is asked by JSON schema, charged and kept as the slot's answer like any other; an
 * endpoint that does not know the form says so with a refusal, which is never billed, and the round is planned again in
 * the next form. What was found is recorded in the plan, and in the result of the stage for the stages after it.
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

/**
 * Rows that the endpoint refuses for themselves, and answers that the ledger had, say nothing of the endpoint as it is
 * now: after so many the form is taken to be known.
 */
const mostSilent = 16;

/** What is settled already: by the run file, an earlier round or an earlier stage. */
function knownOutput({ input, earlier }: PlanRoundInput): Output | undefined {
  const { teacher } = input.spec;
  // A run that was started before there was a choice asked for text.
  const chosen = teacher?.output ?? 'text';
  if (chosen !== 'auto') return chosen;
  const plan = earlier.findLast(({ output }) => output !== undefined);
  return plan?.output ?? input.history.findLast(({ output }) => output !== undefined)?.output;
}

/** `calls` in a form that was not tried on this endpoint yet: finds out whether it accepts the form. */
async function takesForm(world: World, request: PlanRoundInput, calls: readonly PlannedCall[]): Promise<boolean> {
  const { input, earlier } = request;
  const round = { spec: input.spec, stage: input.stage, round: earlier.length };
  const over = new AbortController();
  const sender = openSender(world, round, AbortSignal.any([world.draining, over.signal]));
  let silent = 0;
  try {
    for (const call of calls) {
      const { end, sent } = await sendCall(sender, call);
      if (end === 'unsent') throw workerLeaves('The worker ended before the first call was answered.');
      if (end === 'answered' && sent > 0) return true;
      if (end === 'answered' && !(await isAnswerTo(sender, call))) return false;
      silent += 1;
      if (silent === mostSilent) return true;
    }
    return true;
  } catch (error) {
    if (isUnsupported(error)) return false;
    throw error;
  } finally {
    over.abort();
  }
}

/**
 * Whether what the slot has is an answer to this very request. One that was asked for in another form, by a preview or
 * by a worker that was lost before it could say what it found, says that the endpoint refused this one.
 */
async function isAnswerTo({ ledger, teacher, spec, stage, round }: Sender, call: PlannedCall): Promise<boolean> {
  const record = (await ledger.slots({ run: spec.name, stage, round })).find(({ slot }) => slot === call.slot);
  const key = contentKeyOf(teacher, call, requestOf(spec, call));
  return record?.callId?.startsWith(`${key}.`) ?? true;
}

/** The plan in the best form that the endpoint accepts; `output` undefined where there was no call to find out. */
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
    if (next === undefined || (await takesForm(world, request, planned.calls))) return { planned, output };
    output = next;
  }
}

/** The form that is asked for before anything is known of the endpoint. */
export function firstForm({ teacher }: Pick<RunSpec, 'teacher'>): Output {
  const chosen = teacher?.output ?? 'text';
  return chosen === 'auto' ? 'json-schema' : chosen;
}

/** Whether a call failed because the endpoint does not know the form it was asked for in. */
export function isUnsupported(error: unknown): boolean {
  if (!(error instanceof BaldistillError)) return false;
  return error.cause instanceof CallError && error.cause.reason === 'output_unsupported';
}
