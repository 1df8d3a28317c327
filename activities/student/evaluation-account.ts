/** Money for an evaluation that belongs to no run: what it may cost at most, known before, and never passed. */
import { randomUUID } from 'node:crypto';
import { priceOf, templateAllowance, usdText, worstPriceOf } from '../../domain/budget/cost.ts';
import type { Rates, Usage } from '../../domain/budget/cost.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { SplitQuestions } from './evaluate.ts';
import type { SpendAccount } from '../ports/spend-account.ts';

type Bound = Pick<Usage, 'inputTokens' | 'outputTokens'>;

/** What a request is wrapped in: more bytes than it has. */
const wrapping = 448;
/** What the probe of an endpoint takes at most. */
const probe: Bound = { inputTokens: 10_000, outputTokens: 200 };

/** The most it costs to ask every row once, in micro-USD. */
export function worstCostOf(rates: Rates, { rows, task }: SplitQuestions, model: string, maxTokens: number): number {
  const bounds = rows.map((row): Bound => {
    const request = JSON.stringify(task.studentPrompt(row)) + model;
    return { inputTokens: Buffer.byteLength(request) + wrapping + templateAllowance.request, outputTokens: maxTokens };
  });
  return [probe, ...bounds].reduce((sum, bound) => sum + worstPriceOf(rates, bound), 0);
}

export interface EvaluationAccount extends SpendAccount {
  /** Charged so far: actual cost where the endpoint says it, the worst case where it does not. */
  spent(): number;
}

/** `reserve` throws `BudgetExhausted` rather than pass the limit. */
export function evaluationAccount(rates: Rates, limit: number): EvaluationAccount {
  let charged = 0;
  return {
    id: randomUUID(),
    spent: () => charged,
    reserve: (bound) => {
      const worst = worstPriceOf(rates, bound);
      if (charged + worst > limit) {
        const message = `Requests had to be repeated: another one could pass the ${usdText(limit)} USD that were agreed to.`;
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
