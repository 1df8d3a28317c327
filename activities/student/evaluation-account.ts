/** The account of an evaluation outside a run: its worst-case cost is known in advance and never exceeded. */
import { randomUUID } from 'node:crypto';
import { priceOf, templateAllowance, usdText, worstPriceOf } from '../../domain/budget/cost.ts';
import type { Rates, Usage } from '../../domain/budget/cost.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { SplitQuestions } from './evaluate.ts';
import type { SpendAccount } from '../ports/spend-account.ts';

type Bound = Pick<Usage, 'inputTokens' | 'outputTokens'>;

/** Upper bound for the bytes of a request around its prompt. */
const envelopeBytes = 448;
/** The most tokens that probing an endpoint uses. */
const probe: Bound = { inputTokens: 10_000, outputTokens: 200 };

/** The worst-case cost of sending every row once, in micro-USD. */
export function worstCostOf(rates: Rates, { rows, task }: SplitQuestions, model: string, maxTokens: number): number {
  const bounds = rows.map((row): Bound => {
    const request = JSON.stringify(task.studentPrompt(row)) + model;
    return {
      inputTokens: Buffer.byteLength(request) + envelopeBytes + templateAllowance.request,
      outputTokens: maxTokens,
    };
  });
  return [probe, ...bounds].reduce((sum, bound) => sum + worstPriceOf(rates, bound), 0);
}

export interface EvaluationAccount extends SpendAccount {
  /** Charged so far: the actual cost if the endpoint reports usage, else the worst case. */
  spent(): number;
}

/** `reserve` throws `BudgetExhausted` rather than exceed the limit. */
export function evaluationAccount(rates: Rates, limit: number): EvaluationAccount {
  let charged = 0;
  return {
    id: randomUUID(),
    spent: () => charged,
    reserve: (bound) => {
      const worst = worstPriceOf(rates, bound);
      if (charged + worst > limit) {
        const message = `Requests were repeated, and another one could exceed the confirmed limit of ${usdText(limit)} USD.`;
        return Promise.reject(new BaldistillError('BudgetExhausted', message));
      }
      charged += worst;
      const correct = (by: number): Promise<void> => {
        charged += by;
        return Promise.resolve();
      };
      return Promise.resolve({
        settle: (usage) => correct(usage === null ? 0 : priceOf(rates, { ...usage, cachedInputTokens: 0 }) - worst),
        refund: () => correct(-worst),
        forfeit: () => correct(0),
      });
    },
  };
}
