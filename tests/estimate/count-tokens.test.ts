/** Counting tokens takes linear time for any text. */
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { tokenCounter } from '../../estimate/prompts/count-tokens.ts';

test('ordinary text is counted exactly as by the tokenizer', async () => {
  const count = await tokenCounter();
  const text = 'The grain harvest rose by 4.2 % in Kansas, said the board.\n\n'.repeat(50);
  expect(count(text)).toBe(countTokens(text));
});

test.each([
  ['one letter', 'L'.repeat(1_000_000)],
  ['spaces', ' '.repeat(1_000_000)],
  ['a text without spaces', 'ACGTTGCAAC'.repeat(100_000)],
  ['ideographs', '語'.repeat(300_000)],
])('a megabyte of %s is counted within seconds', { timeout: 20_000 }, async (_, text) => {
  const count = await tokenCounter();
  const tokens = count(text);
  expect(tokens).toBeGreaterThan(1000);
  expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(text));
});

test('a stretch counted in pieces differs by at most one token per piece', async () => {
  const count = await tokenCounter();
  const text = 'ACGTTGCAAC'.repeat(500);
  expect(Math.abs(count(text) - countTokens(text))).toBeLessThanOrEqual(2 * Math.ceil(text.length / 512));
});
