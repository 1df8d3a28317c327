/** The outcome of each slot of a round. */
import type { RoundKey } from '../../../activities/ports/ledger.ts';
import { answeringCharge } from '../calls.ts';
import type { Operation } from '../protocol.ts';
import { statement } from '../transaction.ts';
import type { Parameter } from '../transaction.ts';

const chargesOfRound = statement((database, p: Parameter<RoundKey>) =>
  database
    .selectFrom('charges')
    .leftJoin('calls', 'calls.call_id', 'charges.call_id')
    .select(['charges.slot', 'charges.call_id', 'charges.state', 'charges.reason'])
    .select(['answer_text as text', 'finish_reason as finishReason', 'input_tokens as inputTokens'])
    .select(['cached_input_tokens as cachedInputTokens', 'output_tokens as outputTokens', 'latency_ms as latencyMs'])
    .where('charges.run', '=', p('run'))
    .where('charges.stage', '=', p('stage'))
    .where('charges.round', '=', p('round'))
    .orderBy('charges.slot')
    .orderBy('charges.attempt'),
);

/** An open slot has neither answer nor reason; a slot that was never requested is absent. */
export const slots: Operation<'slots'> = async (transaction, round) => {
  const rows = await transaction.run(chargesOfRound, round);
  return [...Map.groupBy(rows, ({ slot }) => slot)].map(([slot, charges]) => {
    const callId = answeringCharge(charges);
    const answering = charges.find((charge) => charge.call_id === callId);
    if (callId !== undefined && answering !== undefined) {
      const { text, finishReason, inputTokens, cachedInputTokens, outputTokens, latencyMs } = answering;
      const counts = { inputTokens, cachedInputTokens, outputTokens, latencyMs };
      if (text !== null && finishReason !== null)
        return { slot, callId, answer: { text, finishReason, ...counts }, reason: null };
    }
    const last = charges.at(-1);
    const reason = last?.state === 'forfeited' ? 'forfeited' : last?.state === 'open' ? null : (last?.reason ?? null);
    return { slot, callId: last?.call_id ?? null, answer: null, reason };
  });
};
