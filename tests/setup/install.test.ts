import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
let folder = '';
let clone = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baldistill-setup-'));
  clone = join(folder, 'clone');
  for (const part of ['setup', 'bin']) cpSync(join(repository, part), join(clone, part), { recursive: true });
  mkdirSync(join(clone, 'cli'));
  writeFileSync(join(clone, 'cli', 'main.ts'), 'console.log(JSON.stringify(process.argv.slice(2)));');
  writeFileSync(join(clone, 'package.json'), '{"type": "module"}');
  writeFileSync(join(clone, 'package-lock.json'), '{"lock": 1}');
  mkdirSync(join(folder, 'bin'));
  symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  npm(`sleep 0.3; mkdir -p node_modules/.bin; ln -sf '${process.execPath}' node_modules/.bin/node`);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts an npm on the PATH that notes how it was called and then does this. */
function npm(script: string): void {
  const path = join(folder, 'bin', 'npm');
  writeFileSync(path, `#!/bin/sh\necho "$1" >> '${join(folder, 'calls')}'\n${script}\n`);
  chmodSync(path, 0o755);
}

function calls(): readonly string[] {
  const path = join(folder, 'calls');
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

function run(program: string, words: readonly string[]): Promise<{ code: unknown; out: string; error: string }> {
  const environment = { ...process.env, PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, TMPDIR: folder };
  return new Promise((resolve) => {
    execFile(program, [...words], { env: environment, cwd: folder }, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : failure.code, out, error });
    });
  });
}

const summary = (...words: readonly string[]) =>
  run(process.execPath, [join(clone, 'setup', 'test-summary.mjs'), join(folder, 'result.json'), ...words]);
const install = () => run(process.execPath, [join(clone, 'setup', 'install.mjs')]);

describe('set-up', () => {
  test('installs what is missing, says so, and is silent when there is nothing to do', async () => {
    const first = await install();
    expect(first).toMatchObject({ code: 0, out: '', error: expect.stringContaining('packages installed in') });
    expect(await install()).toEqual({ code: 0, out: '', error: '' });
    expect(calls()).toEqual(['ci']);
  });

  test('installs again when the lock file changed; without one it uses npm install', async () => {
    await install();
    writeFileSync(join(clone, 'package-lock.json'), '{"lock": 2}');
    await install();
    rmSync(join(clone, 'package-lock.json'));
    await install();
    expect(calls()).toEqual(['ci', 'ci', 'install']);
  });

  test('four at the same moment install once', async () => {
    const all = await Promise.all([install(), install(), install(), install()]);
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(calls()).toEqual(['ci']);
  });

  test('does not wait for one that was killed', async () => {
    npm(`kill -9 $PPID; exit 1`);
    expect((await install()).code).not.toBe(0);
    npm(`mkdir -p node_modules/.bin; ln -sf '${process.execPath}' node_modules/.bin/node`);
    expect((await install()).code).toBe(0);
  });

  test.each([
    ['ENOSPC: no space left on device', 'the disk is full'],
    ['getaddrinfo EAI_AGAIN registry.npmjs.org', 'registry cannot be reached'],
    ['EACCES: permission denied', 'npm may not write'],
    ['an unknown error', 'its message is above'],
  ])('npm says %j: a sentence with the remedy', async (said, sentence) => {
    npm(`echo "npm error ${said}" >&2; exit 1`);
    const { code, error } = await install();
    expect(code).toBe(1);
    expect(error).toContain(said);
    expect(error).toContain(sentence);
  });

  test('without npm it says what to install', async () => {
    rmSync(join(folder, 'bin', 'npm'));
    const environment = { PATH: join(folder, 'bin'), TMPDIR: folder };
    const error = await new Promise<string>((resolve) => {
      const words = [join(clone, 'setup', 'install.mjs')];
      execFile(process.execPath, words, { env: environment }, (_failure, _out, said) => resolve(said));
    });
    expect(error).toContain('npm is not on the PATH');
  });
});

describe('the launcher', () => {
  test("works through symlinks, on the project's own Node, and hands on its words", async () => {
    symlinkSync(join(clone, 'bin', 'baldistill'), join(folder, 'bin', 'absolute'));
    symlinkSync('absolute', join(folder, 'bin', 'baldistill'));
    const { code, out } = await run('baldistill', ['run', 'my file.yaml', '--json']);
    expect(out).toBe('["run","my file.yaml","--json"]\n');
    expect(code).toBe(0);
    expect((await run('baldistill', [])).out).toBe('[]\n');
    expect(calls()).toEqual(['ci']);
  });
});

describe('the last line of .ci/run', () => {
  const counts = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 2, numTodoTests: 0, testResults: [] };
  test('counts tests, files that did not load, and a failed check', async () => {
    const result = join(folder, 'result.json');
    writeFileSync(result, JSON.stringify(counts));
    expect(await summary('0')).toMatchObject({ code: 0, out: '7 passed, 0 failed, 2 skipped\n' });
    expect(await summary('1')).toMatchObject({ code: 1, out: '7 passed, 1 failed, 2 skipped\n' });
    const broken = { ...counts, numPendingTests: 0, testResults: [{ status: 'failed', assertionResults: [] }] };
    writeFileSync(result, JSON.stringify(broken));
    expect(await summary('1')).toMatchObject({ code: 1, out: '7 passed, 1 failed\n' });
    rmSync(result);
    expect(await summary('1')).toMatchObject({ code: 1, out: '0 passed, 1 failed\n' });
  });

  test.each([
    ['the last tests\n80 passed, 0 failed, 1 skipped\n', { code: 0, out: '87 passed, 0 failed, 3 skipped\n' }],
    ['no package index\n0 passed, 0 failed, 1 skipped\n', { code: 0, out: '7 passed, 0 failed, 3 skipped\n' }],
    ['79 passed, 1 failed\n', { code: 1, out: '86 passed, 1 failed, 2 skipped\n' }],
    ['it was ended in the midd', { code: 1, out: '7 passed, 1 failed, 2 skipped\n' }],
    [undefined, { code: 1, out: '7 passed, 1 failed, 2 skipped\n' }],
  ])('adds what the Python part said: %j', async (said, expected) => {
    writeFileSync(join(folder, 'result.json'), JSON.stringify(counts));
    const output = join(folder, 'python.log');
    if (said !== undefined) writeFileSync(output, said);
    expect(await summary('0', output)).toMatchObject(expected);
  });
});
