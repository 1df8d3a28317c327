/** `student` before its server: what it needs is said, and nothing is made halfway. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { repository } from '../../workers/services/home.ts';

const folder = mkdtempSync(join(tmpdir(), 'baldistill-student-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('says that a Python is missing, and makes nothing', async () => {
  const ended = await promisify(execFile)(
    process.execPath,
    [join(repository, 'cli', 'main.ts'), 'student', '--set-up'],
    { env: { ...process.env, BALDISTILL_PYTHON: join(folder, 'no-python'), XDG_CACHE_HOME: folder } },
  ).catch((error: unknown) => error);
  expect(ended).toMatchObject({ code: 1, stdout: '' });
  expect(ended).toHaveProperty('stderr', expect.stringContaining('needs Python 3.11 or newer'));
  expect(ended).toHaveProperty('stderr', expect.stringContaining('BALDISTILL_PYTHON='));
  expect(existsSync(join(folder, 'baldistill'))).toBe(false);
});
