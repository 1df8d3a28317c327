import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { expect, test } from 'vitest';
import { tablePrice } from '../../adapters/prices/price-table.ts';

test('a price that depends on the hour is the dearest of the day, whenever it is asked', () => {
  const provider = findProvider({ providerApiUrl: 'https://api.deepseek.com' });
  const hours = Array.from({ length: 24 }, (_, hour) => new Date(Date.now() + hour * 3_600_000));
  const outputs = hours.map((timestamp) => {
    const options = provider === undefined ? { timestamp } : { timestamp, provider };
    return calcPrice({ output_tokens: 1_000_000 }, 'deepseek-chat', options)?.total_price ?? Number.NaN;
  });
  expect(new Set(outputs).size).toBeGreaterThan(1);
  expect(tablePrice('deepseek-chat', 'https://api.deepseek.com')?.output).toBe(Math.max(...outputs));
});

test('a model that takes something for each request has no known price: tokens are not all it costs', () => {
  expect(tablePrice('sonar', 'https://api.perplexity.ai')).toBeUndefined();
});

test('a model that is sold at another address has no known price there', () => {
  expect(tablePrice('gpt-4o-mini', 'https://api.openai.com/v1')).toMatchObject({ input: 0.15, output: 0.6 });
  expect(tablePrice('gpt-4o-mini', 'https://gateway.example.com/v1')).toBeUndefined();
});
