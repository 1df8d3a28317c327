/**
 * One slot's teacher call, from intent to answer (DESIGN section 4): nothing leaves before its charge is committed,
 * nothing is used before its answer is stored, and every end that is not an answer is settled as refused or forfeited.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { PlannedCall } from '../contracts/records.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import { BaldistillError } from '../domain/failures.ts';
import { teacherRates } from '../contracts/run-prices.ts';
import { answerCost, inputBound, worstCost } from './call-cost.ts';
import { contentKeyOf, requestOf } from './call-request.ts';
import type { Limiter } from './limiter.ts';
import type { IntentRequest, Ledger, PaidAnswer } from './ports/ledger.ts';
import { CallError } from './ports/teacher.ts';
import type { Teacher, TeacherRequest } from './ports/teacher.ts';

/** How often the call of another payer is looked at. */
const watchMs = 50;

export interface Sender {
  readonly spec: RunSpec;
  readonly stage: number;
  readonly round: number;
  readonly ledger: Ledger;
  readonly teacher: Teacher;
  readonly limiter: Limiter;
  /** Aborted when no new call may start: pause, cancel, end of the slice, shutdown. */
  readonly closing: AbortSignal;
  /** Aborted when calls in flight must end too. Never in the ordinary course: they have a deadline of their own. */
  readonly abandon: AbortSignal;
}

/** `answered`: the slot has its answer. `empty`: it stays without. `unsent`: a later slice has to ask. */
export interface CallResult {
  readonly end: 'answered' | 'empty' | 'unsent';
  /** HTTP requests made. */
  readonly sent: number;
}

/** Throws `BaldistillError` when the trouble is the endpoint's and a person has to mend it. */
export async function sendCall(sender: Sender, call: PlannedCall): Promise<CallResult> {
  const request = requestOf(sender.spec, call);
  const intent = intentOf(sender, call, request);
  let sent = 0;
  while (!sender.closing.aborted) {
    const release = await admitted(sender);
    if (release === undefined) break;
    try {
      const outcome = await sender.ledger.intend(intent);
      if (outcome.kind === 'answered') return { end: 'answered', sent };
      if (outcome.kind === 'exhausted') return { end: 'empty', sent };
      if (outcome.kind === 'unstable') {
        throw new BaldistillError(
          'EndpointUnstable',
          `${outcome.forfeits} calls in a row ended without an answer and may have been billed; sending stopped.`,
        );
      }
      if (outcome.kind === 'send') {
        sent += 1;
        const end = await exchange(sender, request, outcome.callId);
        if (end !== 'again') return { end, sent };
        continue;
      }
      release();
      await payerEnds(sender, outcome.callId);
    } finally {
      release();
    }
  }
  return { end: 'unsent', sent };
}

/** One request to the endpoint and its entry in the ledger. `again`: ask the ledger what to do now. */
async function exchange(
  sender: Sender,
  request: TeacherRequest,
  callId: string,
): Promise<'answered' | 'empty' | 'again'> {
  const { ledger, teacher, limiter } = sender;
  try {
    const answer = await teacher.complete(request, { idempotencyKey: callId, signal: sender.abandon });
    const settled = await ledger.settle(callId, answer, answerCost(answer, teacherRates(sender.spec)));
    if (settled === 'above-bound') throw aboveBound(sender, request, answer);
    return 'answered';
  } catch (error) {
    if (error instanceof BaldistillError && error.type === 'UsageAboveBound') throw error;
    if (!(error instanceof CallError)) {
      // The answer is here: the ledger goes on trying to store it.
      if (!(error instanceof BaldistillError)) await ledger.forfeit(callId, 'unexpected', { seen: true });
      throw error;
    }
    if (error.outcome === 'ambiguous') {
      const idempotencyTtl = sender.spec.teacher?.idempotency?.ttl ?? null;
      await ledger.forfeit(callId, error.reason, { seen: true, idempotencyTtl });
      if (error.failure !== null) throw new BaldistillError(error.failure, error.message, { cause: error });
      return 'again';
    }
    const final = error.failure === null && error.retryAfterMs === null;
    await ledger.refuse(callId, error.reason, { final });
    if (error.failure !== null) throw new BaldistillError(error.failure, error.message, { cause: error });
    if (error.retryAfterMs === null) return 'empty';
    limiter.hold(error.retryAfterMs);
    return 'again';
  }
}

/** The answer is stored and the slot has it; sending stops all the same, for the next one may be as dear. */
function aboveBound({ teacher }: Sender, request: TeacherRequest, answer: PaidAnswer): BaldistillError {
  const { inputTokens, outputTokens } = answer;
  return new BaldistillError(
    'UsageAboveBound',
    `${teacher.model} reported ${inputTokens} tokens in and ${outputTokens} out for a call of at most ` +
      `${inputBound(request)} in and ${teacher.maxTokens} out. It is charged in full.`,
  );
}

async function admitted({ limiter, closing }: Sender): Promise<(() => void) | undefined> {
  try {
    return await limiter.acquire(closing);
  } catch (error) {
    if (closing.aborted) return undefined;
    throw error;
  }
}

/**
 * Waits a moment while another payer is on the call. Then the ledger is asked again, not the call: a payer that died
 * leaves its intent open, and only `intend` may decide what becomes of it.
 */
async function payerEnds({ ledger, closing }: Sender, callId: string): Promise<void> {
  if ((await ledger.callState(callId)) !== 'intent') return;
  await pause(watchMs, undefined, { signal: closing }).catch((error: unknown) => {
    if (!closing.aborted) throw error;
  });
}

/** What the ledger is asked for it. */
export function intentOf(
  sender: Pick<Sender, 'spec' | 'stage' | 'round' | 'teacher'>,
  call: PlannedCall,
  request: TeacherRequest,
  rates = teacherRates(sender.spec),
): IntentRequest {
  const { spec, stage, round } = sender;
  return {
    run: spec.name,
    stage,
    round,
    slot: call.slot,
    domain: call.domain,
    kind: call.kind,
    contentKey: contentKeyOf(sender.teacher, call, request),
    planned: round === 0,
    cached: spec.budget.cached,
    idempotencyTtl: spec.teacher?.idempotency?.ttl ?? null,
    worst: worstCost(request, sender.teacher.maxTokens, rates),
  };
}
