/**
 * Requests one call of one slot. The intent is the reservation: it is charged in the transaction that records it.
 *
 * In this order: what the slot owes already; what is known about the content, whoever paid; a new call. An open call of a
 * dead owner is ended first: it is resent (idempotent endpoint, younger than half its ttl) or forfeited. A call is never
 * charged to two payers. A slot that resends another slot's call reserves a cached answer (`count`) or nothing (`free`),
 * so the limit holds when the answer arrives, and the payer's charge stays.
 */
import type { IntentOutcome, IntentRequest } from '../../../activities/ports/ledger.ts';
import type { Cost } from '../../../domain/budget/cost.ts';
import { noCost } from '../../../domain/budget/cost.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import {
  answeringCharge,
  callInFlight,
  callsOfContent,
  chargesOfSlot,
  findBatch,
  findCall,
  forfeitCall,
  insertCall,
  insertCharge,
  isAlive,
  isGivenBack,
  isRemembered,
  moveCall,
  ownerOf,
  updateCharge,
} from '../calls.ts';
import type { CallRow, ChargeRow } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import { columnsOf, statement } from '../transaction.ts';
import type { LedgerTransaction, Parameter, RunAccount } from '../transaction.ts';

const insertBatchLine = statement((database, p: Parameter<{ batch: string; call_id: string }>) =>
  database
    .insertInto('batch_lines')
    .values(columnsOf(p, ['batch', 'call_id']))
    .onConflict((conflict) => conflict.doNothing()),
);

/** The slot that asks, with its charges so far. */
interface Slot {
  readonly transaction: LedgerTransaction;
  readonly request: IntentRequest;
  readonly account: RunAccount;
  readonly charges: readonly ChargeRow[];
}

const workerLost = { reason: 'worker_lost', seen: false };

export const intend: Operation<'intend'> = async (transaction, request) => {
  const account = await transaction.account(request.run);
  const before = await transaction.run(chargesOfSlot, request);
  const owed = await continueOwn({ transaction, request, account, charges: before });
  if (owed !== undefined) return owed;
  // `continueOwn` has forfeited what was open.
  const stale = before.some(({ state }) => state === 'open');
  const charges = stale ? await transaction.run(chargesOfSlot, request) : before;
  const slot = { transaction, request, account, charges };

  const calls = await transaction.run(callsOfContent, request);
  const answered = calls.find(({ state }) => state === 'settled' || state === 'recovered');
  if (answered !== undefined) return await reuse(slot, answered);
  const open = calls.find(({ state }) => state === 'intent');
  if (open !== undefined) {
    if (await isAlive(transaction, open.session)) return { kind: 'wait', callId: open.call_id };
    if (isRemembered(transaction, open, request.idempotencyTtl)) return await follow(slot, open);
    await forfeitCall(transaction, open, workerLost);
  }
  // A round gathers batches until no call is missing: a call that was refused for good would be gathered without end.
  if (request.batch !== undefined && charges.at(-1)?.final === 1) return { kind: 'exhausted', reason: 'refused' };
  return await pay(slot, calls.at(-1));
};

/** What the slot owes already: an answer, a call in flight, or one to resend. Undefined where nothing of it binds. */
async function continueOwn(slot: Slot): Promise<IntentOutcome | undefined> {
  const { transaction, request, charges } = slot;
  const answer = answeringCharge(charges);
  for (const row of charges) {
    if (row.state !== 'open' || row.call_id === null) continue;
    const call = await findCall(transaction, row.call_id);
    if (await isAlive(transaction, call.session)) {
      if (answer !== undefined) continue;
      // A process that gathers a batch again finds the calls it holds; the calls of a sealed batch are in flight.
      const gathers = request.batch !== undefined && call.session === ownerOf(transaction, request.batch);
      return gathers ? { kind: 'send', callId: call.call_id, again: false } : { kind: 'wait', callId: call.call_id };
    }
    if (answer === undefined && isRemembered(transaction, call, request.idempotencyTtl))
      return unstable(slot) ?? (await resend(slot, call));
    await forfeitCall(transaction, call, workerLost);
  }
  return answer === undefined ? undefined : { kind: 'answered', callId: answer };
}

/** Resending charges nothing, so no budget rule refuses it; after too many unknown outcomes it has to stop as well. */
function unstable({ account }: Slot): IntentOutcome | undefined {
  const { streak, maxForfeits } = account.state;
  return streak >= maxForfeits ? { kind: 'unstable', forfeits: streak } : undefined;
}

/** The intent keeps its first time: the endpoint counts its ttl from there. */
async function resend({ transaction }: Slot, call: CallRow): Promise<IntentOutcome> {
  await moveCall(transaction, call, { session: transaction.session, sends: call.sends + 1, reason: null });
  (await transaction.account(call.run)).log('send-again', call.call_id);
  return { kind: 'send', callId: call.call_id, again: true };
}

/** Resends another slot's call whose owner is dead. */
async function follow(slot: Slot, { call_id: callId, ...call }: CallRow): Promise<IntentOutcome> {
  const counted = slot.request.cached === 'count';
  const refused =
    unstable(slot) ??
    (await reserve(slot, callId, {
      event: counted ? 'intend' : 'reuse',
      transition: 'follow',
      charge: { role: 'cached', state: 'open', charged: counted ? 1 : 0 },
    }));
  return refused ?? (await resend(slot, { call_id: callId, ...call }));
}

/** The answer is stored already; the slot counts it as a call or has it for free. */
async function reuse(slot: Slot, { call_id: callId }: CallRow): Promise<IntentOutcome> {
  const refused = await reserve(slot, callId, {
    event: 'reuse',
    transition: 'reuse',
    charge: { role: 'cached', state: 'settled', charged: slot.request.cached === 'count' ? 1 : 0 },
  });
  return refused ?? { kind: 'answered', callId };
}

/** A new call, the same call after a refusal, or the next reissue after a forfeit. */
async function pay(slot: Slot, last: CallRow | undefined): Promise<IntentOutcome> {
  const { transaction, request } = slot;
  const { run, contentKey, batch } = request;
  const retried = last?.state === 'refused' ? last : undefined;
  const reissue = retried?.reissue ?? (last === undefined ? 0 : last.reissue + 1);
  const callId = `${contentKey}.${reissue}`;
  const refused = await reserve(slot, callId, {
    event: 'intend',
    transition: reissue > (last?.reissue ?? 0) ? 'reissue' : 'intend',
    charge: { role: 'payer', state: 'open', charged: 1 },
    worst: worstCase(slot),
  });
  if (refused !== undefined) return refused;
  const owner = { run, session: ownerOf(transaction, batch), intended_at: transaction.now };
  const intent = { ...owner, state: 'intent', sends: 1, reason: null } as const;
  if (retried !== undefined) await moveCall(transaction, retried, intent);
  else await transaction.run(insertCall, { ...intent, call_id: callId, content_key: contentKey, reissue });
  if (batch !== undefined) await joinBatch(transaction, batch, callId);
  return { kind: 'send', callId, again: false };
}

async function joinBatch(transaction: LedgerTransaction, batch: string, callId: string): Promise<void> {
  if ((await findBatch(transaction, batch)).state !== 'gathering')
    throw new Error(`ledger: the batch ${batch} is sealed, and the call ${callId} cannot join it`);
  await transaction.run(insertBatchLine, { batch, call_id: callId });
}

/** The most the call may cost, including by how much answers of this run have exceeded their worst case. */
function worstCase({ account, request: { run, worst } }: Slot): Cost {
  const { excess, state } = account;
  if (worst.microUsd === null && state.microUsdLimit !== null) {
    throw new BaldistillError(
      'InvalidInput',
      `The run ${run} has a limit in money, and its teacher has no known price.`,
    );
  }
  return { tokens: worst.tokens + excess.tokens, microUsd: (worst.microUsd ?? 0) + excess.microUsd };
}

interface Reservation {
  readonly event: 'intend' | 'reuse';
  readonly transition: string;
  readonly charge: Pick<ChargeRow, 'role' | 'state' | 'charged'>;
  /** Absent for an answer that another slot pays. */
  readonly worst?: Cost;
}

/** Charges the slot for a call. Returns the outcome where the budget refuses. */
async function reserve(
  slot: Slot,
  callId: string,
  { event, transition, charge, worst = noCost }: Reservation,
): Promise<IntentOutcome | undefined> {
  const { transaction, request, account, charges } = slot;
  const last = charges.at(-1);
  const forfeited = charges.some(({ state }) => state === 'forfeited');
  // The plan counts one call per slot: a slot with a forfeited call, or one refused for good, has used its place.
  const planned = request.planned && !forfeited && last?.final !== 1;
  const before = account.state.planned;
  const refusal = account.apply(
    event === 'intend' ? { type: 'intend', planned, worst } : { type: 'reuse', planned, counted: charge.charged === 1 },
    transition,
    callId,
  );
  if (refusal === undefined) {
    const fromPlan = account.state.planned < before ? 1 : 0;
    await writeCharge(slot, { ...charge, ...amountsOf(worst), call_id: callId, reason: null, from_plan: fromPlan });
    return undefined;
  }
  if (refusal === 'unstable') return { kind: 'unstable', forfeits: account.state.streak };
  // At a limit, calls in flight may still be refused and give their charge back.
  const inFlight = await callInFlight(transaction, account);
  if (inFlight !== undefined) return { kind: 'wait', callId: inFlight };
  const reason = refusal === 'tokens' || refusal === 'money' ? refusal : 'calls';
  // `slots` reports why the slot is empty; a more specific reason is kept.
  if (last === undefined || !(last.final === 1 || last.state === 'forfeited' || last.state === 'exhausted')) {
    // The row keeps the call that was refused before: an answer that still arrives is charged to this row.
    const { call_id = null, role = 'payer', worst_tokens = 0, worst_micro_usd = 0 } = last ?? {};
    const free = { tokens: 0, micro_usd: 0, worst_tokens, worst_micro_usd };
    await writeCharge(slot, { ...free, call_id, role, state: 'exhausted', reason, from_plan: 0, charged: 0 });
  }
  return { kind: 'exhausted', reason: forfeited && reason === 'calls' ? 'forfeited' : reason };
}

function amountsOf({ tokens, microUsd }: Cost) {
  return { tokens, micro_usd: microUsd, worst_tokens: tokens, worst_micro_usd: microUsd };
}

/** Writes what the slot owes now: into its last row where that charge was given back, otherwise as a new attempt. */
async function writeCharge(
  { transaction, request, charges }: Slot,
  charge: Omit<ChargeRow, 'run' | 'stage' | 'round' | 'slot' | 'attempt' | 'domain' | 'kind' | 'final'>,
): Promise<void> {
  const last = charges.at(-1);
  if (last !== undefined && isGivenBack(last)) {
    await updateCharge(transaction, last, charge);
    return;
  }
  const { run, stage, round, slot, domain, kind } = request;
  const row = { run, stage, round, slot, attempt: charges.length, domain, kind, final: 0, ...charge };
  await transaction.run(insertCharge, row);
}
