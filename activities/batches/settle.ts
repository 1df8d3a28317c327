/**
 * Settles a batch that has ended, line by line, by the lines and never by the endpoint's counts. A line that is in no
 * results file is given back where the batch ended early; it is forfeited where the batch claims to be complete, or says
 * that other lines were never started: such a line may have been billed. Run again
 * after a crash this reads the same lines again, which changes nothing.
 */
import type { SettleBatchInput, SettledBatch } from '../../contracts/batch-messages.ts';
import { batchRates } from '../../contracts/run/run-prices.ts';
import type { Rates } from '../../contracts/run/prices.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { FailureType } from '../../domain/failures.ts';
import { answerCost } from '../calls/call-cost.ts';
import type { LineResult, RemoteBatch } from '../ports/batch-endpoint.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';
import { usageAboveBound } from '../calls/usage-above-bound.ts';
import { customIdOf } from './custom-id.ts';
import { endOpenLines } from './drop-batch.ts';

/** Lines settled at a time: as many as one commit takes. */
const atOnce = 256;

/** Throws, after everything is settled, what a person has to know before more is sent. */
export async function settleBatch(
  world: World,
  { spec, submitted, cancelled }: SettleBatchInput,
): Promise<SettledBatch> {
  const { ledger } = world;
  const { batch, remote } = submitted;
  const endpoint = world.batches(spec);
  const state = await endpoint.look(remote);
  if (state.status === 'running') throw new Error(`The batch ${remote} is under way and cannot be settled.`);
  const books = new Books(ledger, { id: batch.id, rates: batchRates(spec) });
  const calls = new Map((await ledger.batchLines({ id: batch.id })).map(({ callId }) => [customIdOf(callId), callId]));
  for (const file of state.files) {
    for await (const { customId, end } of endpoint.results(file)) {
      const callId = calls.get(customId);
      // What is no line of ours is not looked at, nor is one that comes again.
      if (callId === undefined) continue;
      calls.delete(customId);
      await books.enter(callId, end);
    }
  }
  await books.flush();
  const unbilled = state.status !== 'completed' && !books.tellsWhatNeverBegan;
  await endOpenLines(ledger, batch.id, async (callId) => {
    if (unbilled) await ledger.refuse({ callId, reason: `batch_${state.status}`, final: false, batch: batch.id });
    else await ledger.forfeit({ callId, reason: 'no_result', seen: true, batch: batch.id });
  });
  await ledger.closeBatch({ id: batch.id });
  const full = state.trouble?.code === 'token_limit_exceeded';
  const trouble = books.trouble ?? (full || cancelled ? undefined : endTrouble(state, remote, books));
  if (trouble !== undefined) throw trouble;
  return {
    answered: books.answered,
    full,
    budget: await ledger.budget({ run: spec.name }),
    ledger: await ledger.identity(),
  };
}

/** Why a batch that has ended would end no better if what is missing were sent again at once. */
function endTrouble(state: RemoteBatch, remote: string, books: Books): BaldistillError | undefined {
  if (state.status === 'cancelled')
    return new BaldistillError('BatchFailed', `The batch ${remote} was cancelled at the endpoint.`);
  if (books.ended > 0) return undefined;
  const why = state.trouble === null ? (books.reason ?? 'no line has a result') : state.trouble.message;
  return new BaldistillError(
    'BatchFailed',
    `The batch ${remote} has ${state.status} without an answer: ${why.replace(/\.$/, '')}.`,
  );
}

/** Enters ends of lines into the ledger, many at a time, and remembers what they say of the endpoint. */
class Books {
  answered = 0;
  /** Lines that will not be sent again. */
  ended = 0;
  tellsWhatNeverBegan = false;
  /** Why the last line that was not answered was not. */
  reason: string | undefined;
  trouble: BaldistillError | undefined;
  readonly #ledger: Ledger;
  readonly #batch: { readonly id: string; readonly rates: Rates | null };
  #pending: Promise<void>[] = [];

  constructor(ledger: Ledger, batch: { id: string; rates: Rates | null }) {
    this.#ledger = ledger;
    this.#batch = batch;
  }

  async enter(callId: string, end: LineResult['end']): Promise<void> {
    this.#pending.push(this.#one(callId, end));
    if (this.#pending.length >= atOnce) await this.flush();
  }

  async flush(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
  }

  async #one(callId: string, end: LineResult['end']): Promise<void> {
    const { id: batch, rates } = this.#batch;
    if (end.kind === 'answered') {
      this.answered += 1;
      this.ended += 1;
      const answer = { ...end.answer, latencyMs: null };
      const settled = await this.#ledger.settle({ callId, answer, cost: answerCost(answer, rates) });
      if (settled !== 'above-bound') return;
      this.trouble ??= usageAboveBound('A line of a batch', answer);
      return;
    }
    this.reason = end.reason;
    if (end.kind === 'forfeited') {
      await this.#ledger.forfeit({ callId, reason: end.reason, seen: true, batch });
      return;
    }
    if (end.final) this.ended += 1;
    if (end.reason === 'batch_expired' || end.reason === 'batch_cancelled') this.tellsWhatNeverBegan = true;
    await this.#ledger.refuse({ callId, reason: end.reason, final: end.final, batch });
    if (end.failure !== null) this.#say(end.failure.type, end.failure.message);
  }

  #say(type: FailureType, message: string): void {
    this.trouble ??= new BaldistillError(type, message);
  }
}
