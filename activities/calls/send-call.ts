/**
 * One slot's teacher call, from intent to answer: nothing leaves before its charge is committed,
 * nothing is used before its answer is stored, and every end that is not an answer is settled as refused or forfeited.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { PlannedCall } from '../../contracts/records.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { teacherRates } from '../../contracts/run/run-prices.ts';
import { answerCost, inputBound, requestBytes, worstCost } from './call-cost.ts';
import { contentKeyOf, requestOf } from './call-request.ts';
import type { IntentRequest, Ledger } from '../ports/ledger.ts';
import type { Lane, Lease } from '../ports/limiter.ts';
import { CallError } from '../ports/teacher.ts';
import type { Teacher, TeacherRequest } from '../ports/teacher.ts';
import { usageAboveBound } from './usage-above-bound.ts';

/** How often the call of another payer is looked at. */
const watchMs = 50;

export interface Sender {
  readonly spec: RunSpec;
  readonly stage: number;
  readonly round: number;
  readonly ledger: Ledger;
  readonly teacher: Teacher;
  readonly lane: Lane;
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

/** Throws `BaldistillError` when the endpoint fails in a way that an operator has to fix. */
export async function sendCall(sender: Sender, call: PlannedCall): Promise<CallResult> {
  const request = requestOf(sender.spec, call);
  const size = { bytes: requestBytes(request), maxTokens: sender.teacher.maxTokens };
  let intent: IntentRequest | undefined;
  let sent = 0;
  while (!sender.closing.aborted) {
    const lease = await sender.lane.acquire(size);
    if (lease === undefined) break;
    try {
      // Not before it is this call's turn: a chunk holds more calls than are in flight, and hashing takes its time.
      intent ??= intentOf(sender, call, request);
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
        const end = await exchange(sender, request, outcome.callId, lease);
        if (end !== 'again') return { end, sent };
        continue;
      }
      lease.unused();
      await payerEnds(sender, outcome.callId);
    } finally {
      lease.unused();
    }
  }
  return { end: 'unsent', sent };
}

/** One request to the endpoint and its entry in the ledger. `again`: ask the ledger what to do now. */
async function exchange(
  sender: Sender,
  request: TeacherRequest,
  callId: string,
  lease: Lease,
): Promise<'answered' | 'empty' | 'again'> {
  const { ledger, teacher } = sender;
  try {
    const options = { idempotencyKey: callId, signal: sender.abandon, onLimits: lease.limitsReported };
    const answer = await teacher.complete(request, options);
    const settled = await ledger.settle({ callId, answer, cost: answerCost(answer, teacherRates(sender.spec)) });
    lease.answered(answer);
    // The slot has its answer; sending stops all the same, for the next one may be as dear.
    if (settled === 'above-bound') {
      const bound = { inputTokens: inputBound(request), outputTokens: teacher.maxTokens };
      throw usageAboveBound(teacher.model, answer, bound);
    }
    return 'answered';
  } catch (error) {
    if (error instanceof BaldistillError && error.type === 'UsageAboveBound') throw error;
    if (!(error instanceof CallError)) {
      // The answer is here: the ledger goes on trying to store it.
      if (!(error instanceof BaldistillError)) await ledger.forfeit({ callId, reason: 'unexpected', seen: true });
      throw error;
    }
    const { reason, retryAfterMs, tooMuch } = error;
    if (error.outcome === 'ambiguous') {
      const idempotencyTtl = sender.spec.teacher?.idempotency?.ttl ?? null;
      await ledger.forfeit({ callId, reason, seen: true, idempotencyTtl });
      lease.lost(reason);
      if (error.failure !== null) throw new BaldistillError(error.failure, error.message, { cause: error });
      return 'again';
    }
    // At once: what is in the ledger's hands must not be overtaken by a call that ought to wait.
    if (retryAfterMs === null) lease.lost(reason);
    else lease.refused({ reason, retryAfterMs: retryAfterMs === 0 ? null : retryAfterMs, tooMuch });
    const final = error.failure === null && retryAfterMs === null;
    await ledger.refuse({ callId, reason, final });
    if (error.failure !== null) throw new BaldistillError(error.failure, error.message, { cause: error });
    return retryAfterMs === null ? 'empty' : 'again';
  }
}

/**
 * Waits a moment while another payer is on the call. Then the ledger is asked again, not the call: a payer that died
 * leaves its intent open, and only `intend` may decide what becomes of it.
 */
async function payerEnds({ ledger, closing }: Sender, callId: string): Promise<void> {
  if ((await ledger.callState({ callId })) !== 'intent') return;
  await pause(watchMs, undefined, { signal: closing }).catch((error: unknown) => {
    if (!closing.aborted) throw error;
  });
}

/** What the ledger is asked for it, whichever way it is sent. */
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
