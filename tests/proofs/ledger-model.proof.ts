/** `npm run proof -- ledger-model`: thousands of random stories where the suite plays sixty. A few minutes. */
import { test } from 'vitest';
import { playStories } from '../ledger/model-stories.ts';

test('the ledger and its reference model say the same', { timeout: 3_600_000 }, async () => {
  await playStories(3000);
});
