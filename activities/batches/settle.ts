/**
 * Settles a batch that has ended, from its result lines and never from the endpoint's counts. A line without a result is
 * refunded if the batch ended early. It is forfeited if the batch is complete or if the endpoint reported other lines as
 * never started, because such a line may have been billed. Running this again reads the same lines and changes nothing.
 */
import type { SettleBatchInput, SettledBatch } from '../../contracts/batch-messages.ts';
import { batchRates } from '../../contracts/run/run-prices.ts';
import type { Rates } from '../../contracts/run/prices.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { answerCost } from '../calls/call-cost.ts';
import type { LineResult, RemoteBatch } from '../ports/batch-endpoint.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';
import { usageAboveBound } from '../calls/usage-above-bound.ts';
import { customIdOf } from './custom-id.ts';
import { endOpenLines } from './drop-batch.ts';

/** Lines settled at the same time, as many as one commit takes. */
const atOnce = 256;

/** After everything is settled, throws the failure that the operator has to resolve before more is sent. */
export async function settleBatch(
  world: World,
  { spec, submitted, cancelled }: SettleBatchInput,
): Promise<SettledBatch> {
  const { ledger } = world;
  const { batch, remote } = submitted;
  const endpoint = world.batches(spec);
  const state = await endpoint.status(remote);
  if (state.status === 'running') throw new Error(`The batch ${remote} is running and cannot be settled.`);
  const lines = new LineSettlement(ledger, { id: batch.id, rates: batchRates(spec) });
  const calls = new Map((await ledger.batchLines({ id: batch.id })).map(({ callId }) => [customIdOf(callId), callId]));
  for (const file of state.files) {
    for await (const { customId, end } of endpoint.results(file)) {
      const callId = calls.get(customId);
      // Ignore lines of other batches and repeated lines.
      if (callId === undefined) continue;
      calls.delete(customId);
      await lines.settle(callId, end);
    }
  }
  await lines.flush();
  const unbilled = state.status !== 'completed' && !lines.reportsUnstarted;
  await endOpenLines(ledger, batch.id, async (callId) => {
    if (unbilled) await ledger.refuse({ callId, reason: `batch_${state.status}`, final: false, batch: batch.id });
    else await ledger.forfeit({ callId, reason: 'no_result', seen: true, batch: batch.id });
  });
  await ledger.closeBatch({ id: batch.id });
  const full = state.error?.code === 'token_limit_exceeded';
  const failure = lines.failure ?? (full || cancelled ? undefined : failureOf(state, remote, lines));
  if (failure !== undefined) throw failure;
  return {
    answered: lines.answered,
    full,
    budget: await ledger.budget({ run: spec.name }),
    ledger: await ledger.identity(),
  };
}

/** The failure of a batch whose missing lines should not be resent at once. */
function failureOf(state: RemoteBatch, remote: string, lines: LineSettlement): BaldistillError | undefined {
  if (state.status === 'cancelled')
    return new BaldistillError('BatchFailed', `The batch ${remote} was cancelled at the endpoint.`);
  if (lines.ended > 0) return undefined;
  const why = state.error === null ? (lines.reason ?? 'no line has a result') : state.error.message;
  return new BaldistillError(
    'BatchFailed',
    `The batch ${remote} ended as ${state.status} without an answer: ${why.replace(/\.$/, '')}.`,
  );
}

/** Records the outcome of result lines in the ledger, many at the same time, and keeps what they show about the endpoint. */
class LineSettlement {
  answered = 0;
  /** Lines that will not be resent. */
  ended = 0;
  /** Whether the endpoint reports lines that it never started. */
  reportsUnstarted = false;
  /** Why the last unanswered line was not answered. */
  reason: string | undefined;
  failure: BaldistillError | undefined;
  readonly #ledger: Ledger;
  readonly #batch: { readonly id: string; readonly rates: Rates | null };
  #pending: Promise<void>[] = [];

  constructor(ledger: Ledger, batch: { id: string; rates: Rates | null }) {
    this.#ledger = ledger;
    this.#batch = batch;
  }

  async settle(callId: string, end: LineResult['end']): Promise<void> {
    this.#pending.push(this.#settleOne(callId, end));
    if (this.#pending.length >= atOnce) await this.flush();
  }

  async flush(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
  }

  async #settleOne(callId: string, end: LineResult['end']): Promise<void> {
    const { id: batch, rates } = this.#batch;
    if (end.kind === 'answered') {
      this.answered += 1;
      this.ended += 1;
      const answer = { ...end.answer, latencyMs: null };
      const settled = await this.#ledger.settle({ callId, answer, cost: answerCost(answer, rates) });
      if (settled !== 'above-bound') return;
      this.failure ??= usageAboveBound('A line of a batch', answer);
      return;
    }
    this.reason = end.reason;
    if (end.kind === 'forfeited') {
      await this.#ledger.forfeit({ callId, reason: end.reason, seen: true, batch });
      return;
    }
    if (end.final) this.ended += 1;
    if (end.reason === 'batch_expired' || end.reason === 'batch_cancelled') this.reportsUnstarted = true;
    await this.#ledger.refuse({ callId, reason: end.reason, final: end.final, batch });
    if (end.failure !== null) this.failure ??= new BaldistillError(end.failure.type, end.failure.message);
  }
}
