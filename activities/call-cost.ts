/** What a teacher call may cost at most, and what it did cost (DESIGN section 4). */
import type { Message } from '../contracts/records.ts';
import { priceOf, templateAllowance, worstPriceOf } from '../domain/cost.ts';
import type { Rates } from '../domain/cost.ts';
import type { AnswerCost, PaidAnswer } from './ports/ledger.ts';

export function messageBytes(messages: readonly Message[]): number {
  return messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
}

/** No tokeniser makes more tokens than there are bytes. */
export function inputBound(messages: readonly Message[]): number {
  return messageBytes(messages) + templateAllowance.request + templateAllowance.message * messages.length;
}

/** `rates` null: the price is not known, and neither is the worst case in money. */
export function worstCost(messages: readonly Message[], maxTokens: number, rates: Rates | null): AnswerCost {
  const inputTokens = inputBound(messages);
  return {
    tokens: inputTokens + maxTokens,
    microUsd: rates === null ? null : worstPriceOf(rates, { inputTokens, outputTokens: maxTokens }),
  };
}

/** Null where the endpoint reports no usage: then what it cost is not known. */
export function answerCost(answer: PaidAnswer, rates: Rates | null): AnswerCost | null {
  const { inputTokens, cachedInputTokens, outputTokens } = answer;
  if (inputTokens === null || outputTokens === null) return null;
  const usage = { inputTokens, outputTokens, cachedInputTokens: cachedInputTokens ?? 0 };
  return { tokens: inputTokens + outputTokens, microUsd: rates === null ? null : priceOf(rates, usage) };
}
