/** Charges the cost of a student endpoint that bills to the run, under its limit in money. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { isFree, studentRates } from '../../contracts/run/run-prices.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { priceOf, templateAllowance, trainingPriceOf, usdOf, worstPriceOf } from '../../domain/budget/cost.ts';
import type { Rates } from '../../domain/budget/cost.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { Ledger, SpendRequest } from '../ports/ledger.ts';
import type { SpendAccount } from '../ports/spend-account.ts';

/** How often the limit is checked again while an in-flight request may be refunded. */
const pollMs = 50;

/** The account of a run's student; undefined if it is free or its price is unknown. */
export function studentAccount(ledger: Ledger, spec: RunSpec): SpendAccount | undefined {
  const rates = studentRates(spec);
  if (rates === null || isFree(rates)) return undefined;
  const run = spec.name;
  return {
    id: randomUUID(),
    async reserve(bound) {
      const id = await spend(ledger, {
        run,
        kind: 'generate-student',
        key: null,
        worstMicroUsd: worstPriceOf(rates, bound),
      });
      return {
        async settle(usage) {
          const cost =
            usage === null ? null : { ...usage, microUsd: priceOf(rates, { ...usage, cachedInputTokens: 0 }) };
          await ledger.endSpending({ id, end: { state: 'settled', cost } });
        },
        refund: async (reason) => await ledger.endSpending({ id, end: { state: 'refused', reason } }),
        forfeit: async (reason) => await ledger.endSpending({ id, end: { state: 'forfeited', reason } }),
      };
    },
  };
}

/** The rates of training; undefined if training is free or its price is unknown. */
function trainingRates(spec: RunSpec): Rates | undefined {
  const rates = studentRates(spec);
  return rates === null || isFree(rates) || rates.training === undefined ? undefined : rates;
}

/** The ledger key of a job's charge: the job's key, with a suffix after `ended` jobs of that key failed or were cancelled. */
export function entryKey(key: string, ended: number): string {
  return ended === 0 ? key : `${key}-${ended}`;
}

/** Reserves the most a fine-tuning job may cost, once per `entryKey`; null if there is nothing to reserve. */
export async function reserveTraining(
  ledger: Ledger,
  spec: RunSpec,
  { key, training }: { key: string; training: ArtifactRef },
): Promise<string | null> {
  const rates = trainingRates(spec);
  if (rates === undefined || !('hyperparameters' in spec.student)) return null;
  const tokens = (training.bytes + templateAllowance.request * training.rows) * spec.student.hyperparameters.epochs;
  return await spend(ledger, {
    run: spec.name,
    kind: 'fine-tune',
    key,
    worstMicroUsd: trainingPriceOf(rates, tokens),
  });
}

/** Settles a finished job: its actual cost, or the worst case if the endpoint does not report the trained tokens. */
export async function settleTraining(
  ledger: Ledger,
  spec: RunSpec,
  spending: string,
  trainedTokens: number | null,
): Promise<void> {
  const rates = trainingRates(spec);
  const cost =
    rates === undefined || trainedTokens === null
      ? null
      : { microUsd: trainingPriceOf(rates, trainedTokens), inputTokens: trainedTokens, outputTokens: 0 };
  await ledger.endSpending({ id: spending, end: { state: 'settled', cost } });
}

async function spend(ledger: Ledger, request: SpendRequest): Promise<string> {
  for (;;) {
    const outcome = await ledger.spend(request);
    if (outcome.kind === 'spend' || outcome.kind === 'charged') return outcome.id;
    if (outcome.kind === 'exhausted') {
      const { microUsd } = await ledger.budget({ run: request.run });
      const what = request.kind === 'fine-tune' ? 'Fine-tuning' : 'The next request to the student';
      throw new BaldistillError(
        'BudgetExhausted',
        `${what} may cost up to ${usdOf(request.worstMicroUsd)} USD, and ${usdOf(microUsd.charged)} of ${usdOf(microUsd.limit ?? 0)} USD are charged already.`,
      );
    }
    await pause(pollMs);
  }
}
