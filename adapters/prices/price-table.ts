/** Prices of hosted models, from the table of the package genai-prices; what the run file says comes before it. */
import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { ModelPrice } from '@pydantic/genai-prices';
import type { Rates } from '../../contracts/run/prices.ts';

/** A price may depend on the time of day; the reserved amount must hold at any of them. */
const halfHours = Array.from({ length: 48 }, (_, index) => index * 1_800_000);

/**
 * USD a million tokens, of the dearest tier and hour; undefined where the address belongs to no provider of the table,
 * where it does not know the model there, and where a request costs something beside its tokens. A name alone is never
 * enough: others sell a model of that name at another price.
 */
export function tablePrice(model: string, baseUrl: string): Rates | undefined {
  const provider = findProvider({ providerApiUrl: baseUrl });
  if (provider === undefined) return undefined;
  const now = Date.now();
  const prices = halfHours.flatMap((later): ModelPrice[] => {
    const options = { provider, timestamp: new Date(now + later) };
    const price = calcPrice({ input_tokens: 1, output_tokens: 1 }, model, options)?.model_price;
    return price === undefined ? [] : [price];
  });
  if (prices.some((price) => price['requests_kcount'] !== undefined)) return undefined;
  const dearestOf = (key: string): number | undefined => {
    const all = prices.flatMap((price) => dearest(price[key]) ?? []);
    return all.length === 0 ? undefined : Math.max(...all);
  };
  const [input, output] = [dearestOf('input_mtok'), dearestOf('output_mtok')];
  if (input === undefined || output === undefined) return undefined;
  const cachedInput = dearestOf('cache_read_mtok');
  const cacheWrite = dearestOf('cache_write_mtok');
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
