/** The worst-case and the actual cost of a teacher call. */
import { priceOf, templateAllowance, worstPriceOf } from '../../domain/budget/cost.ts';
import type { Rates } from '../../domain/budget/cost.ts';
import type { AnswerCost, PaidAnswer } from '../ports/ledger.ts';
import type { TeacherRequest } from '../ports/teacher.ts';

export type Bounded = Pick<TeacherRequest, 'messages' | 'responseFormat'>;

/** Bytes of everything the model reads, including a JSON schema, which is billed too. */
export function requestBytes({ messages, responseFormat }: Bounded): number {
  const texts = [
    ...messages.map(({ content }) => content),
    ...(responseFormat ? [JSON.stringify(responseFormat)] : []),
  ];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** No tokenizer produces more tokens than there are bytes. */
export function inputBound(request: Bounded): number {
  return requestBytes(request) + templateAllowance.request + templateAllowance.message * request.messages.length;
}

/** `rates` null: the price is unknown, and so is the worst case in money. */
export function worstCost(request: Bounded, maxTokens: number, rates: Rates | null): AnswerCost {
  const inputTokens = inputBound(request);
  return {
    tokens: inputTokens + maxTokens,
    microUsd: rates === null ? null : worstPriceOf(rates, { inputTokens, outputTokens: maxTokens }),
  };
}

/** Null if the endpoint reports no usage: the cost is unknown. */
export function answerCost(answer: PaidAnswer, rates: Rates | null): AnswerCost | null {
  const { inputTokens, cachedInputTokens, outputTokens } = answer;
  if (inputTokens === null || outputTokens === null) return null;
  const usage = { inputTokens, outputTokens, cachedInputTokens: cachedInputTokens ?? 0 };
  return { tokens: inputTokens + outputTokens, microUsd: rates === null ? null : priceOf(rates, usage) };
}
