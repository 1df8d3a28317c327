/**
 * Sends the teacher call of one slot. Nothing is sent before its charge is committed, and no answer is used before it is
 * stored. A call that ends without an answer is settled as refused or forfeited.
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

/** How often the state of another run's call is read. */
const pollMs = 50;

export interface Sender {
  readonly spec: RunSpec;
  readonly stage: number;
  readonly round: number;
  readonly ledger: Ledger;
  readonly teacher: Teacher;
  readonly lane: Lane;
  /** Aborted when no new call may start: pause, cancellation, end of the slice, shutdown. */
  readonly closing: AbortSignal;
  /** Aborted when in-flight calls must end too. Normally unused: calls have their own timeout. */
  readonly abandon: AbortSignal;
}

/** `answered`: the slot has an answer. `empty`: it stays empty. `unsent`: a later slice has to send it. */
export interface CallResult {
  readonly end: 'answered' | 'empty' | 'unsent';
  /** HTTP requests made. */
  readonly sent: number;
}

/** Throws `BaldistillError` if the endpoint fails in a way that the operator has to fix. */
export async function sendCall(sender: Sender, call: PlannedCall): Promise<CallResult> {
  const request = requestOf(sender.spec, call);
  const size = { bytes: requestBytes(request), maxTokens: sender.teacher.maxTokens };
  let intent: IntentRequest | undefined;
  let sent = 0;
  while (!sender.closing.aborted) {
    const lease = await sender.lane.acquire(size);
    if (lease === undefined) break;
    try {
      // Computed only after admission: a chunk holds more calls than are in flight, and hashing takes time.
      intent ??= intentOf(sender, call, request);
      const outcome = await sender.ledger.intend(intent);
      if (outcome.kind === 'answered') return { end: 'answered', sent };
      if (outcome.kind === 'exhausted') return { end: 'empty', sent };
      if (outcome.kind === 'unstable') {
        throw new BaldistillError(
          'EndpointUnstable',
          `${outcome.forfeits} calls in a row ended without an answer and may have been billed. Sending stopped.`,
        );
      }
      if (outcome.kind === 'send') {
        sent += 1;
        const end = await sendOnce(sender, request, outcome.callId, lease);
        if (end !== 'retry') return { end, sent };
        continue;
      }
      lease.unused();
      await waitForPayer(sender, outcome.callId);
    } finally {
      lease.unused();
    }
  }
  return { end: 'unsent', sent };
}

/** Sends one request and settles it in the ledger. `retry`: the ledger decides what to do next. */
async function sendOnce(
  sender: Sender,
  request: TeacherRequest,
  callId: string,
  lease: Lease,
): Promise<'answered' | 'empty' | 'retry'> {
  const { ledger, teacher } = sender;
  try {
    const options = { idempotencyKey: callId, signal: sender.abandon, onLimits: lease.limitsReported };
    const answer = await teacher.complete(request, options);
    const settled = await ledger.settle({ callId, answer, cost: answerCost(answer, teacherRates(sender.spec)) });
    lease.answered(answer);
    // The slot has its answer, but sending stops: the next call may cost as much.
    if (settled === 'above-bound') {
      const bound = { inputTokens: inputBound(request), outputTokens: teacher.maxTokens };
      throw usageAboveBound(teacher.model, answer, bound);
    }
    return 'answered';
  } catch (error) {
    if (error instanceof BaldistillError && error.type === 'UsageAboveBound') throw error;
    if (!(error instanceof CallError)) {
      // A failure of the ledger after the answer arrived: the ledger keeps trying to store the answer.
      if (!(error instanceof BaldistillError)) await ledger.forfeit({ callId, reason: 'unexpected', seen: true });
      throw error;
    }
    const { reason, retryAfterMs, overloaded } = error;
    if (error.outcome === 'ambiguous') {
      const idempotencyTtl = sender.spec.teacher?.idempotency?.ttl ?? null;
      await ledger.forfeit({ callId, reason, seen: true, idempotencyTtl });
      lease.failed(reason);
      if (error.failure !== null) throw new BaldistillError(error.failure, error.message, { cause: error });
      return 'retry';
    }
    // Report to the limiter before the ledger: no other call may be admitted while this one is being recorded.
    if (retryAfterMs === null) lease.failed(reason);
    else lease.refused({ reason, retryAfterMs: retryAfterMs === 0 ? null : retryAfterMs, overloaded });
    const final = error.failure === null && retryAfterMs === null;
    await ledger.refuse({ callId, reason, final });
    if (error.failure !== null) throw new BaldistillError(error.failure, error.message, { cause: error });
    return retryAfterMs === null ? 'empty' : 'retry';
  }
}

/**
 * Waits a moment while another run has the call in flight. The caller then calls `intend` again: a worker that died
 * leaves an open intent, and only `intend` decides about it.
 */
async function waitForPayer({ ledger, closing }: Sender, callId: string): Promise<void> {
  if ((await ledger.callState({ callId })) !== 'intent') return;
  await pause(pollMs, undefined, { signal: closing }).catch((error: unknown) => {
    if (!closing.aborted) throw error;
  });
}

/** The ledger request for a call, the same for single calls and batches. */
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
