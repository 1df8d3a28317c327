import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../student-server/ci.sh', import.meta.url));

/** In a cache of its own, so that no environment is there already. */
function pythonPart(environment: NodeJS.ProcessEnv): Promise<{ code: unknown; lines: readonly string[] }> {
  const cache = mkdtempSync(join(tmpdir(), 'python-part-'));
  return new Promise((resolve) => {
    execFile(script, { env: { ...process.env, XDG_CACHE_HOME: cache, ...environment } }, (failure, out) => {
      rmSync(cache, { recursive: true, force: true });
      resolve({ code: failure === null ? 0 : failure.code, lines: out.trimEnd().split('\n') });
    });
  });
}

const skipped = '0 passed, 0 failed, 1 skipped';

test('without a Python the Python part says so, and counts itself as skipped', async () => {
  const { code, lines } = await pythonPart({ BALDISTILL_PYTHON: '/nowhere/python3' });
  expect(code).toBe(0);
  expect(lines).toEqual([expect.stringContaining('cannot be made here'), skipped]);
});
