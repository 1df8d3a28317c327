/** `npm run proof -- fuzz-answers`: a minute of random answers, another minute each time unless SEED says which. */
import { expect, test } from 'vitest';
import { fuzzFor } from '../answers/fuzz.ts';

test('whatever a teacher says is read, or there is a reason', { timeout: 180_000 }, () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
  const { answers, slowestMs } = fuzzFor(60, seed);
  process.stdout.write(`${answers} answers from seed ${seed}, the slowest took ${slowestMs.toFixed(0)} ms\n`);
  expect(answers).toBeGreaterThan(1000);
  expect(slowestMs).toBeLessThan(5000);
});
