/**
 * Gathers the unanswered calls of a round into batches. Each call is an intent in the ledger, committed and charged
 * before anything is sent. Each batch is a file, written and sealed before it is uploaded. After a crash the activity
 * runs again and continues with the calls that the batch already holds.
 */
import type { BatchRef, Gathered, GatherInput } from '../../contracts/batch-messages.ts';
import { listedName, mostOpenBatches, mostReported } from '../../contracts/payload-limits.ts';
import { batchRates } from '../../contracts/run/run-prices.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { BatchRecord } from '../ports/batch-ledger.ts';
import type { IntentOutcome } from '../ports/ledger.ts';
import type { World } from '../ports/world.ts';
import { intentOf } from '../calls/send-call.ts';
import { customIdOf } from './custom-id.ts';
import { dropBatch } from './drop-batch.ts';
import { Intake, subtract } from './intake.ts';
import type { Candidate, Size } from './intake.ts';

const oneLine: Size = { lines: 1, bytes: Infinity, tokens: Infinity };

interface Tally {
  answered: number;
  empty: number;
  waiting: number;
  readonly domains: Map<string, { real: number; synthetic: number }>;
}

/** The sealed batches of a round that are not closed. A batch that was never sealed was never sent, so it is dropped. */
export async function openBatches({ ledger }: World, input: GatherInput): Promise<BatchRef[]> {
  const open = await openBatchesOf(ledger, input);
  for (const { id, state } of open) if (state === 'gathering') await dropBatch(ledger, id, 'not_submitted');
  return open.filter(({ state }) => state === 'sealed').map(referenceOf);
}

export async function gatherBatches(world: World, input: GatherInput, stopping: AbortSignal): Promise<Gathered> {
  const { ledger, artifacts } = world;
  const { spec, stage, round } = input;
  const teacher = world.teacher(spec);
  const endpoint = world.batches(spec);
  const rates = batchRates(spec);
  const intake = await Intake.open({ artifacts, teacher, spec }, input.chunks);
  const tally: Tally = { answered: 0, empty: 0, waiting: 0, domains: new Map() };

  const intend = async (batch: string, { call, request }: Candidate): Promise<IntentOutcome> =>
    await ledger.intend({
      ...intentOf({ spec, stage, round, teacher }, call, request, rates),
      // A batch line carries no idempotency key, so resending a call could bill it twice.
      idempotencyTtl: null,
      batch,
    });

  async function* linesOf(batch: string, filled: { tokens: number }): AsyncGenerator {
    let room = batchLimits(spec);
    for (let empty = true; ;) {
      stopping.throwIfAborted();
      let candidates = await intake.take(room);
      // A line larger than a whole batch is sent alone: the endpoint decides whether it is too large.
      if (candidates.length === 0 && empty) candidates = await intake.take(oneLine);
      if (candidates.length === 0) return;
      const outcomes = await Promise.all(candidates.map(async (candidate) => await intend(batch, candidate)));
      for (const [index, outcome] of outcomes.entries()) {
        const candidate = candidates[index];
        if (candidate === undefined) continue;
        if (outcome.kind !== 'send') {
          count(tally, candidate, outcome);
          continue;
        }
        empty = false;
        room = subtract(room, candidate.size);
        filled.tokens += candidate.size.tokens;
        yield endpoint.line(candidate.request, customIdOf(outcome.callId));
      }
    }
  }

  // The remaining calls are gathered after these batches have ended.
  let room = mostOpenBatches - (await openBatchesOf(ledger, input)).length;
  while (!intake.ended && room > 0) {
    const { id } = await ledger.gatherBatch({ run: spec.name, stage, round });
    const filled = { tokens: 0 };
    const file = await artifacts.writeLines(linesOf(id, filled));
    if (file.rows > 0) {
      await ledger.sealBatch({ id, file, lines: file.rows, tokens: filled.tokens });
      room -= 1;
    } else await dropBatch(ledger, id, 'not_submitted');
  }
  const open = await openBatchesOf(ledger, input);
  return {
    batches: open.filter(({ state }) => state === 'sealed').map(referenceOf),
    answered: tally.answered,
    empty: tally.empty,
    waiting: tally.waiting,
    domains: [...tally.domains]
      .map(([domain, counts]) => ({ domain: listedName(domain), ...counts }))
      .sort((a, b) => b.real + b.synthetic - a.real - a.synthetic)
      .slice(0, mostReported),
    budget: await ledger.budget({ run: spec.name }),
    ledger: await ledger.identity(),
  };
}

/** Counts a call that joins no batch. */
function count(tally: Tally, { call }: Candidate, outcome: Exclude<IntentOutcome, { kind: 'send' }>): void {
  if (outcome.kind === 'unstable') {
    throw new BaldistillError(
      'EndpointUnstable',
      `${outcome.forfeits} calls in a row ended without an answer and may have been billed. No more batches are sent.`,
    );
  }
  if (outcome.kind === 'exhausted') tally.empty += 1;
  if (outcome.kind === 'wait') tally.waiting += 1;
  if (outcome.kind !== 'answered') return;
  tally.answered += 1;
  const { real, synthetic } = tally.domains.get(call.domain) ?? { real: 0, synthetic: 0 };
  tally.domains.set(call.domain, {
    real: real + (call.kind === 'annotate' ? 1 : 0),
    synthetic: synthetic + (call.kind === 'synthesize' ? 1 : 0),
  });
}

function batchLimits({ teacher }: GatherInput['spec']): Size {
  const { maxRequests: lines = 0, maxBytes: bytes = 0, maxTokens: tokens = Infinity } = teacher?.batch ?? {};
  return { lines, bytes, tokens };
}

async function openBatchesOf(ledger: World['ledger'], { spec, stage, round }: GatherInput): Promise<BatchRecord[]> {
  const open = await ledger.openBatches({ run: spec.name });
  return open.filter((batch) => batch.stage === stage && batch.round === round);
}

function referenceOf({ id, lines, tokens }: BatchRecord): BatchRef {
  return { id, lines, tokens };
}
