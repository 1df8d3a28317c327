/** What a service that did not start has to say: the end of its log, or the beginning of its trace. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launch, untilReady } from '../../workers/services/launch.ts';
import type { Launch } from '../../workers/services/launch.ts';

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'baldistill-launch-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function saying(lines: readonly string[]): Launch {
  // A file, because the words of the command are reported as well.
  const program = join(folder, 'service.mjs');
  writeFileSync(program, `console.error(${JSON.stringify(lines.join('\n'))}); process.exit(2);`);
  return {
    command: process.execPath,
    args: [program],
    environment: process.env,
    logFile: join(folder, 'service.log'),
    speaks: true,
  };
}

async function start(request: Launch): Promise<void> {
  await untilReady(request, await launch(request), 30_000);
}

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${name} ${n};`);

test('a stack trace is reported by its beginning: its end is in library code', async () => {
  // As Go writes it, on stderr, after whatever came before.
  const trace = ['panic: listen tcp 127.0.0.1:7233: bind: address already in use', ...numbered('goroutine', 40)];
  const error: unknown = await start(saying([...numbered('before', 9), ...trace])).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ portTaken: true });
  expect(String(error)).toContain('panic: listen tcp 127.0.0.1:7233');
  expect(String(error)).toContain('goroutine 6;');
  expect(String(error)).not.toMatch(/before 8;|goroutine 7;|goroutine 39;/);
});

test('of anything else the end, and nothing that an earlier start wrote', async () => {
  const request = saying(numbered('line', 20));
  writeFileSync(request.logFile, 'panic: an earlier one\naddress already in use\n');
  const error: unknown = await start(request).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ portTaken: false });
  expect(String(error)).toContain('line 19;');
  expect(String(error)).toContain('line 12;');
  expect(String(error)).not.toMatch(/line 11;|an earlier one/);
});
