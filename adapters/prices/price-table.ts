/** Prices of hosted models, from the table of the package genai-prices; what the run file says comes before it. */
import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { ModelPrice } from '@pydantic/genai-prices';
import type { Rates } from '../../contracts/prices.ts';

/**
 * USD a million tokens, of the dearest tier; undefined where the address belongs to no provider of the table or it does
 * not know the model there. A name alone is never enough: others sell a model of that name at another price.
 */
export function tablePrice(model: string, baseUrl: string): Rates | undefined {
  const provider = findProvider({ providerApiUrl: baseUrl });
  if (provider === undefined) return undefined;
  const price = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, { provider })?.model_price;
  if (price === undefined) return undefined;
  const [input, output] = [dearest(price['input_mtok']), dearest(price['output_mtok'])];
  if (input === undefined || output === undefined) return undefined;
  const cachedInput = dearest(price['cache_read_mtok']);
  const cacheWrite = dearest(price['cache_write_mtok']);
  return {
    input,
    output,
    ...(cachedInput === undefined ? {} : { cachedInput }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
  };
}

/** Of a price that grows with the length of the prompt, the highest: the worst case has to be one. */
function dearest(price: ModelPrice[string]): number | undefined {
  if (price === undefined || typeof price === 'number') return price;
  return Math.max(price.base, ...price.tiers.map((tier) => tier.price));
}
