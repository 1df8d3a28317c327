/** What the models of a run cost, and whether that is known well enough for a limit in money. */
import type { Price } from '../../contracts/run/prices.ts';
import { unpriced } from '../../contracts/run/run-prices.ts';
import type { RunFile } from '../../contracts/run/run-file.ts';
import { tablePrice } from '../prices/price-table.ts';
import type { Finding, Parts } from './semantics.ts';

/** The prices a run is recorded with: those of the file, and for its own two models those of the table. */
export function pricesOf({
  teacher,
  student,
  prices,
}: Pick<RunFile, 'teacher' | 'student' | 'prices'>): Record<string, Price> {
  const known: Record<string, Price> = { ...prices };
  for (const part of [teacher, student]) {
    if (part === undefined || !('model' in part) || known[part.model] !== undefined) continue;
    const price = tablePrice(part.model, part.baseUrl);
    if (price !== undefined) known[part.model] = price;
  }
  return known;
}

/** A limit in money needs every price: unknown is never 0. */
export function priceFindings({ budget, teacher, student, prices }: Parts): readonly Finding[] {
  if (budget?.usd === undefined || student === undefined || prices === undefined) return [];
  const run = { teacher, student, prices: pricesOf({ teacher, student, prices }) };
  return unpriced(run).map(({ part, model, missing }) => ({
    path: ['budget', 'usd'],
    expected:
      missing === 'price'
        ? `a limit in money needs the price of ${model}, which is not known; set prices.${model}, or ${part}.price: free`
        : `a limit in money needs prices.${model}.training, USD a million tokens trained`,
  }));
}
