/** `student` before its server: what it needs is said, nothing is made halfway, and paths are meant from where one is. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { madeStudentPython } from '../../workers/services/student/student-environment.ts';
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

const made = await madeStudentPython();

it.skipIf(made === undefined)('takes the paths of its options from the folder it is called in', async () => {
  mkdirSync(join(folder, 'weights'));
  writeFileSync(join(folder, 'weights', 'config.json'), '{}');
  // A module of that name in the folder is not what is meant.
  writeFileSync(join(folder, 'student_server.py'), 'raise SystemExit(9)');
  const words = ['student', '--home', 'home', '--base', 'mine=./weights'];
  const server = spawn(process.execPath, [join(repository, 'cli', 'main.ts'), ...words], { cwd: folder });
  let said = '';
  server.stderr.on('data', (piece) => (said += String(piece)));
  server.stdout.on('data', (piece) => {
    said += String(piece);
    if (said.includes('listens on')) server.kill('SIGTERM');
  });
  await once(server, 'close');
  expect(said).toMatch(/listens on http:/);
  expect(existsSync(join(folder, 'home'))).toBe(true);
});
