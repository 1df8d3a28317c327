import { expect, test } from 'vitest';
import { createFingerprints } from '../../activities/data/fingerprints.ts';

test('keeps the first number of each text while the table grows', () => {
  const fingerprints = createFingerprints();
  for (let text = 0; text < 20_000; text += 1) expect(fingerprints.add(`text ${text}`, text)).toBeUndefined();
  for (let text = 0; text < 20_000; text += 1) expect(fingerprints.add(`text ${text}`, -5)).toBe(text);
  expect(fingerprints.get('text 7')).toBe(7);
  expect(fingerprints.get('another')).toBeUndefined();
  expect(fingerprints.size).toBe(20_000);
});
