/** A server that is named and does not answer: commands that only look say what the ledger knows. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { openRun, requestFor } from '../ledger/support.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'baldistill-away-'));

beforeAll(async () => {
  const ledger = await openLedger({ path: join(home, 'ledger.sqlite') });
  await openRun(ledger, 'open');
  await ledger.intend(requestFor('open', 0));
  await ledger.close();
});
afterAll(() => rmSync(home, { recursive: true }));

function said(...words: string[]): Promise<{ code: unknown; out: string; error: string }> {
  // Port 9 of this machine has no listener.
  const env = { ...process.env, BALDISTILL_HOME: home, TEMPORAL_ADDRESS: '127.0.0.1:9' };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], { env }, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : failure.code, out, error });
    });
  });
}

test.each([
  [['status', 'open'], 'open: interrupted; 0 of 5 stages closed, 1 of 10 calls charged'],
  [['status', 'open', '--json'], '"status":"interrupted"'],
  [['ls'], 'interrupted'],
  [['ledger', 'verify', 'open'], 'open'],
])('%j answers from the ledger', async (words, known) => {
  const { code, out, error } = await said(...words);
  expect(out).toContain(known);
  expect(`${out}${error}`).not.toContain('    at ');
  expect(code).toBe(0);
});
