/** Prices of models, as a person writes them and as a run records them. */
import { z } from 'zod';

const Rate = z.number().nonnegative().max(100_000);

/** USD a million tokens. */
export const Rates = z.strictObject({
  input: Rate,
  output: Rate,
  /** Input that the endpoint reads from its cache. */
  cachedInput: Rate.optional(),
  /** Input that the endpoint writes to its cache. */
  cacheWrite: Rate.optional(),
  /** Fine-tuning, per token trained. */
  training: Rate.optional(),
});
export type Rates = z.infer<typeof Rates>;

/** What the endpoint's Batch API asks; every other rate stays as it is. */
const BatchRates = z.strictObject({ input: Rate, output: Rate, cachedInput: Rate.optional() });

/** `free`: an endpoint that does not bill, such as one on your own machine. */
export const Price = z.union([z.literal('free'), Rates.extend({ batch: BatchRates.optional() })]);
export type Price = z.infer<typeof Price>;
