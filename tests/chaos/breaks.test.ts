import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../../workers/services/home.ts';
import { breaks } from './breaks.ts';

test.each(breaks)('the deliberate break "$name" still fits the sources', ({ edits }) => {
  for (const { file, from } of edits) {
    expect(readFileSync(join(repository, file), 'utf8').split(from), `${file}: ${from}`).toHaveLength(2);
  }
});
