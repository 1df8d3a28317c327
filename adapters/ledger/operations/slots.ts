/** What became of the slots of a round. */
import type { PaidAnswer, SlotRecord } from '../../../activities/ports/ledger.ts';
import type { LedgerTransaction } from '../transaction.ts';
import { answeringCharge } from './intend.ts';

interface AnswerColumns {
  readonly answer_text: string | null;
  readonly finish_reason: string | null;
  readonly input_tokens: number | null;
  readonly cached_input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly latency_ms: number | null;
}

/** In slot order; a slot still open has neither answer nor reason, one never asked for is not there. */
export async function readSlots(
  { database }: LedgerTransaction,
  input: { run: string; stage: number; round: number },
): Promise<readonly SlotRecord[]> {
  const rows = await database
    .selectFrom('charges')
    .leftJoin('calls', 'calls.call_id', 'charges.call_id')
    .select(['charges.slot', 'charges.call_id', 'charges.state', 'charges.reason'])
    .select(['answer_text', 'finish_reason', 'input_tokens', 'cached_input_tokens', 'output_tokens', 'latency_ms'])
    .where('charges.run', '=', input.run)
    .where('charges.stage', '=', input.stage)
    .where('charges.round', '=', input.round)
    .orderBy('charges.slot')
    .orderBy('charges.attempt')
    .execute();
  const slots = new Map<number, typeof rows>();
  for (const row of rows) {
    const of = slots.get(row.slot);
    if (of === undefined) slots.set(row.slot, [row]);
    else of.push(row);
  }
  return [...slots].map(([slot, charges]) => {
    const callId = answeringCharge(charges);
    const row = charges.find((charge) => charge.call_id === callId);
    const answer = callId === undefined || row === undefined ? null : answerOf(row);
    if (callId !== undefined && answer !== null) return { slot, callId, answer, reason: null };
    const last = charges.at(-1);
    const reason = last?.state === 'forfeited' ? 'forfeited' : last?.state === 'open' ? null : (last?.reason ?? null);
    return { slot, callId: last?.call_id ?? null, answer: null, reason };
  });
}

function answerOf(row: AnswerColumns): PaidAnswer | null {
  if (row.answer_text === null || row.finish_reason === null) return null;
  return {
    text: row.answer_text,
    finishReason: row.finish_reason,
    inputTokens: row.input_tokens,
    cachedInputTokens: row.cached_input_tokens,
    outputTokens: row.output_tokens,
    latencyMs: row.latency_ms,
  };
}
