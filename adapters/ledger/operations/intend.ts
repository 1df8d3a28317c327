/**
 * Asking for one call of one slot. The intent is the reservation: it is charged in the transaction that records it.
 *
 * In order: what the slot owes already; what is known about the content, whoever paid; a new call. An open intent of a
 * dead session is settled first, by sending it again (idempotent endpoint, younger than half its ttl) or by forfeiting
 * it. A call is never charged to two payers: a slot that sends another slot's lost call again reserves a cached answer
 * behind it (`count`) or nothing (`free`), so the limit holds when the answer arrives, and the payer's charge stays.
 */
import type { IntentOutcome, IntentRequest } from '../../../activities/ports/ledger.ts';
import type { CallRow, ChargeRow } from '../statements.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import type { Cost } from '../../../domain/budget/cost.ts';
import { noCost } from '../../../domain/budget/cost.ts';
import { joinBatch } from './batches.ts';
import { writeCharge, writeExhausted } from './charge.ts';
import { forfeitOpen, isFresh } from './forfeit.ts';

export async function intend(transaction: LedgerTransaction, request: IntentRequest): Promise<IntentOutcome> {
  const { statements, database } = transaction;
  const slotKey = { run: request.run, stage: request.stage, round: request.round, slot: request.slot };
  const before = await statements.chargesOfSlot(database, slotKey);
  const owed = await pursueOwn(transaction, request, before);
  if (owed !== undefined) return owed;
  // What was open and does not bind any more is forfeited now.
  const lost = before.some(({ state }) => state === 'open');
  const rows = lost ? await statements.chargesOfSlot(database, slotKey) : before;
  let calls = await statements.callsOfContent(database, { content_key: request.contentKey });
  const answered = calls.find(isAnswered);
  if (answered !== undefined) return reuse(transaction, request, rows, answered);
  const open = calls.find((call) => call.state === 'intent');
  if (open !== undefined) {
    const pursued = await pursueForeign(transaction, request, rows, open);
    if (pursued !== undefined) return pursued;
    calls = await statements.callsOfContent(database, { content_key: request.contentKey });
  }
  // Batches are gathered until nothing is missing: what was refused for good would be gathered for ever.
  if (request.batch !== undefined && rows.at(-1)?.final === 1) return { kind: 'exhausted', reason: 'refused' };
  return pay(transaction, request, rows, calls.at(-1));
}

function isAnswered(state: { readonly state: string }): boolean {
  return state.state === 'settled' || state.state === 'recovered';
}

/** What the slot owes already: an answer, a call in flight, or a lost one. Undefined: nothing that still binds. */
async function pursueOwn(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
): Promise<IntentOutcome | undefined> {
  const answer = answeringCharge(rows);
  for (const row of rows) {
    if (row.state !== 'open' || row.call_id === null) continue;
    const call = await transaction.call(row.call_id);
    if (await transaction.alive(call.session)) {
      if (answer !== undefined) continue;
      // Whoever gathers a batch again finds what it holds already; what left with a sealed one is on its way.
      const gathers = request.batch !== undefined && call.session === transaction.holder(request.batch);
      if (gathers) return { kind: 'send', callId: call.call_id, again: false };
      return { kind: 'wait', callId: call.call_id };
    } else if (answer === undefined && isFresh(transaction, request, call)) {
      return (await unstable(transaction, request)) ?? sendAgain(transaction, call);
    } else {
      await forfeitOpen(transaction, call, { reason: 'worker_lost', seen: false });
    }
  }
  return answer === undefined ? undefined : { kind: 'answered', callId: answer };
}

/** The call whose answer is the slot's: one that settled before one that came late, and the first of equals. */
export function answeringCharge(rows: readonly Pick<ChargeRow, 'state' | 'call_id'>[]): string | undefined {
  const row = rows.find(({ state }) => state === 'settled') ?? rows.find(({ state }) => state === 'recovered');
  return row?.call_id ?? undefined;
}

/** Somebody else's call with this content is open. Undefined when it was lost and is forfeited now. */
async function pursueForeign(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
  call: CallRow,
): Promise<IntentOutcome | undefined> {
  if (await transaction.alive(call.session)) return { kind: 'wait', callId: call.call_id };
  if (!isFresh(transaction, request, call)) {
    await forfeitOpen(transaction, call, { reason: 'worker_lost', seen: false });
    return undefined;
  }
  const counted = request.cached === 'count';
  const refusedToSend = await unstable(transaction, request);
  if (refusedToSend !== undefined) return refusedToSend;
  const refused = await reserve(transaction, request, rows, {
    callId: call.call_id,
    event: counted ? 'intend' : 'reuse',
    transition: 'follow',
    charge: { role: 'cached', state: 'open', charged: counted ? 1 : 0 },
  });
  return refused ?? sendAgain(transaction, call);
}

/** The intent keeps its first time: the endpoint counts its ttl from there. */
async function sendAgain(transaction: LedgerTransaction, call: CallRow): Promise<IntentOutcome> {
  await transaction.moveCall(call, { session: transaction.session, sends: call.sends + 1, reason: null });
  await transaction.log(call.run, 'send-again', call.call_id);
  return { kind: 'send', callId: call.call_id, again: true };
}

/** Sending again charges nothing, so the budget is not asked; it may not go on through an outage either. */
async function unstable(transaction: LedgerTransaction, { run }: IntentRequest): Promise<IntentOutcome | undefined> {
  const { streak, maxForfeits } = await transaction.budget(run);
  return streak >= maxForfeits ? { kind: 'unstable', forfeits: streak } : undefined;
}

/** The answer is there already; the slot counts it as a call or has it for free. */
async function reuse(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
  call: CallRow,
): Promise<IntentOutcome> {
  const refused = await reserve(transaction, request, rows, {
    callId: call.call_id,
    event: 'reuse',
    transition: 'reuse',
    charge: { role: 'cached', state: 'settled', charged: request.cached === 'count' ? 1 : 0 },
  });
  return refused ?? { kind: 'answered', callId: call.call_id };
}

/** A new call, the same call after a refusal, or the next reissue after a forfeit. */
async function pay(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
  last: CallRow | undefined,
): Promise<IntentOutcome> {
  const reissue = last === undefined ? 0 : last.state === 'refused' ? last.reissue : last.reissue + 1;
  const callId = `${request.contentKey}.${reissue}`;
  const refused = await reserve(transaction, request, rows, {
    callId,
    event: 'intend',
    transition: reissue > (last?.reissue ?? 0) ? 'reissue' : 'intend',
    charge: { role: 'payer', state: 'open', charged: 1 },
    worst: await worstCase(transaction, request),
  });
  if (refused !== undefined) return refused;
  const { run, contentKey } = request;
  const session = transaction.holder(request.batch);
  const intent = { run, state: 'intent', session, sends: 1, reason: null } as const;
  if (last?.state === 'refused') {
    await transaction.moveCall(last, { ...intent, intended_at: transaction.now });
  } else {
    const row = { ...intent, call_id: callId, content_key: contentKey, reissue, intended_at: transaction.now };
    await transaction.statements.insertCall(transaction.database, row);
  }
  if (request.batch !== undefined) await joinBatch(transaction, request.batch, callId);
  return { kind: 'send', callId, again: false };
}

interface Reservation {
  readonly callId: string;
  readonly event: 'intend' | 'reuse';
  readonly transition: string;
  readonly charge: Pick<ChargeRow, 'role' | 'state' | 'charged'>;
  /** Absent for an answer that another process pays. */
  readonly worst?: Cost;
}

/** The most the call may cost, by what was asked and by what answers of this run have cost beyond it. */
async function worstCase(transaction: LedgerTransaction, { run, worst }: IntentRequest): Promise<Cost> {
  const { microUsdLimit } = await transaction.budget(run);
  if (worst.microUsd === null && microUsdLimit !== null) {
    throw new BaldistillError(
      'InvalidInput',
      `The run ${run} has a limit in money, and its teacher has no known price.`,
    );
  }
  const excess = await transaction.excess(run);
  return { tokens: worst.tokens + excess.tokens, microUsd: (worst.microUsd ?? 0) + excess.microUsd };
}

/** Charges the slot; undefined when the budget accepts, else what to tell the caller. */
async function reserve(
  transaction: LedgerTransaction,
  request: IntentRequest,
  rows: readonly ChargeRow[],
  { callId, event, transition, charge, worst = noCost }: Reservation,
): Promise<IntentOutcome | undefined> {
  const forfeited = rows.some((row) => row.state === 'forfeited');
  // The plan counts one call a slot: a slot that lost one, or was refused for good, has used its place.
  const planned = request.planned && !forfeited && rows.at(-1)?.final !== 1;
  const before = await transaction.budget(request.run);
  const counted = charge.charged === 1;
  const applied = await transaction.apply(
    request.run,
    event === 'intend' ? { type: 'intend', planned, worst } : { type: 'reuse', planned, counted },
    transition,
    callId,
  );
  if (!('refusal' in applied)) {
    const fromPlan = applied.state.planned < before.planned ? 1 : 0;
    await writeCharge(transaction, request, rows, {
      ...charge,
      call_id: callId,
      reason: null,
      from_plan: fromPlan,
      tokens: worst.tokens,
      micro_usd: worst.microUsd,
      worst_tokens: worst.tokens,
      worst_micro_usd: worst.microUsd,
    });
    return undefined;
  }
  if (applied.refusal === 'unstable') return { kind: 'unstable', forfeits: before.streak };
  const inFlight = await livingCall(transaction, request.run, before.open);
  if (inFlight !== undefined) return { kind: 'wait', callId: inFlight };
  const reason = applied.refusal === 'tokens' || applied.refusal === 'money' ? applied.refusal : 'calls';
  await writeExhausted(transaction, request, rows, reason);
  return { kind: 'exhausted', reason: forfeited && reason === 'calls' ? 'forfeited' : reason };
}

/** At a cap, calls in flight may yet be refused and give their charge back: they are awaited first. */
export async function livingCall(
  transaction: LedgerTransaction,
  run: string,
  open: number,
): Promise<string | undefined> {
  if (open === 0) return undefined;
  for (const call of await transaction.statements.openCallsOfRun(transaction.database, { run })) {
    if (await transaction.alive(call.session)) return call.call_id;
  }
  return undefined;
}
