import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baldistill-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Said {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly error: string;
}

function baldistill(...words: string[]): Promise<Said> {
  const environment = { ...process.env, BALDISTILL_HOME: join(folder, 'home') };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], { env: environment }, (failure, out, error) => {
      resolve({ code: failure === null ? 0 : failure.code, out, error });
    });
  });
}

describe('wrong use', () => {
  test.each([
    [['nosuch'], "unknown command 'nosuch'"],
    [['run'], "missing required argument 'file'"],
    [['run', 'a.yaml', '--loud'], "unknown option '--loud'"],
    [['run', 'a.yaml', '--set', 'noise'], 'expected key=value'],
    [['budget', 'a'], 'Say which limit'],
    [['ledger', 'adopt', 'a'], "required option '--charged <n>' not specified"],
    [['budget', 'a', '--calls', 'many'], 'whole number'],
    [['resume', 'a', '--endpoint', 'there'], 'http address'],
    [['run', 'nowhere.yaml'], 'nowhere.yaml: there is no such file'],
    [['ledger', 'show', 'nobody'], 'There is no run "nobody"'],
    [['status', 'nobody'], 'There is no run "nobody"'],
    [[], 'Usage: baldistill'],
  ])('%j ends with 2 and says why', async (words, reason) => {
    const { code, error, out } = await baldistill(...words);
    expect(`${error}${out}`).toContain(reason);
    expect(error).not.toContain('    at ');
    expect(code).toBe(2);
  });

  test('a run file with mistakes: all of them, exit 2, nothing started', async () => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, 'name: a\ndata: { builtin: wordnet }\nbudget: { slots: 0 }\nteacher: { embedded: oracle }\n');
    const { code, error } = await baldistill('run', file, '--seed', 'x');
    expect(code).toBe(2);
    expect(error).toContain('4 problems');
    expect(error).toContain('line 3: budget.slots = 0: expected a whole number from 1 to 10000000');
    expect(error).toContain('line 4: teacher.embedded = "oracle": expected simulated or recorded');
    expect(error).toContain('command line: seed = "x"');
    expect(error).toContain('Nothing was started.');
    expect(existsSync(join(folder, 'home', 'services.sqlite'))).toBe(false);
  });

  test('a key that is not set is said before anything starts', async () => {
    const file = join(folder, 'remote.yaml');
    const teacher = '{ baseUrl: "http://127.0.0.1:9/v1", model: m, apiKeyEnv: NO_SUCH_KEY_HERE }';
    writeFileSync(
      file,
      `name: a\ndata: { builtin: wordnet }\nbudget: { slots: 10 }\nteacher: ${teacher}\nstudent: { driver: manual }\n`,
    );
    const { code, error } = await baldistill('run', file);
    expect(error).toContain('NO_SUCH_KEY_HERE');
    expect(code).toBe(2);
  });
});

describe('looking where nothing ever ran', () => {
  test('is no failure and starts nothing', async () => {
    expect(await baldistill('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(await baldistill('ls', '--json')).toEqual({ code: 0, out: '[]\n', error: '' });
    expect(await baldistill('down', '--json')).toEqual({ code: 0, out: '{"stopped":[]}\n', error: '' });
    expect(await baldistill('report', 'nobody')).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'home', 'services.sqlite'))).toBe(false);
  });
});
