import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

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
    [['ledger', 'show', 'unknown'], 'There is no run "unknown"'],
    [['status', 'unknown'], 'There is no run "unknown"'],
    [['report', 'unknown'], 'There is no run "unknown"'],
    [['evaluate', '--run', '../b'], '"../b" is no name of a run'],
    [[], 'Usage: baldistill'],
  ])('%j ends with 2 and says why', async (words, reason) => {
    const { code, error, out } = await baldistill(...words);
    expect(`${error}${out}`).toContain(reason);
    expect(error).not.toContain('    at ');
    expect(code).toBe(2);
  });

  test.each([
    ...['watch', 'status', 'pause', 'resume', 'skip', 'stop', 'budget', 'flow', 'report', 'export'].map((word) => [
      word,
    ]),
    ...['show', 'verify', 'reparse'].map((word) => ['ledger', word]),
    ['ledger', 'adopt', '--charged', '1'],
  ])('%j takes the name of a run and nothing else', async (...words) => {
    const { code, error, out } = await baldistill(...words, '../../../etc');
    expect(error).toContain('"../../../etc" is no name of a run: expected at most 200 letters, digits and . _ , = + -');
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(existsSync(join(folder, 'home', 'services.sqlite'))).toBe(false);
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

const Requests = z.object({
  requests: z.array(
    z.object({ url: z.string(), kind: z.string(), body: z.looseObject({ messages: z.array(z.unknown()) }) }),
  ),
});

/** A teacher that would cost about ten dollars. */
function dearFile(name: string): string {
  const file = join(folder, `${name}.yaml`);
  const teacher = '{ baseUrl: "https://teacher.example.com/v1", model: m, price: { input: 5, output: 20 } }';
  writeFileSync(
    file,
    `name: ${name}\ndata: { builtin: wordnet, pool: 600 }\nstages: 2\nmethod: adaptive-ft-cot\n` +
      `budget: { slots: 400 }\nteacher: ${teacher}\nstudent: { driver: none }\n`,
  );
  return file;
}

function dearGrid(name: string, data: string): string {
  const file = join(folder, `${name}.yaml`);
  const teacher = '{ baseUrl: "https://teacher.example.com/v1", model: m, price: { input: 5, output: 20 } }';
  const run = `{ ${data}, teacher: ${teacher}, student: { driver: none } }`;
  const axes = 'methods: [random-ft-cot, adaptive-ft-cot]\nslots: [200]\nstages: [2]\nseeds: 2\n';
  writeFileSync(file, `name: ${name}\nruns: { words: ${run} }\n${axes}`);
  return file;
}

describe('before money is spent', { timeout: 60_000 }, () => {
  test('the price is said, and a script that has not said --yes is refused; so is a pilot', async () => {
    for (const command of ['run', 'preview']) {
      const { code, error } = await baldistill(command, dearFile('dear'));
      expect(error).toMatch(/dear: 400 teacher calls, at most 400; teacher [\d.]+ \([\d.]+ to [\d.]+\) USD/);
      expect(error).toMatch(/may cost up to [\d.]+ USD, and there is no terminal to confirm it/);
      expect(error).toContain('--yes');
      expect(code).toBe(2);
    }
    for (const name of ['services.sqlite', 'ledger.sqlite']) expect(existsSync(join(folder, 'home', name))).toBe(false);
  });

  test('so is a comparison; its plan says what it costs, and what is unknown for counts', async () => {
    const here = dearGrid('grid', 'data: { builtin: wordnet, pool: 600 }');
    const refused = await baldistill('compare', here);
    expect(refused.error).toMatch(/grid: 4 of 4 runs to pay for, 800 teacher calls, at most 800; teacher [\d.]+ \(/);
    expect(refused.error).toMatch(/This comparison may cost up to [\d.]+ USD, and there is no terminal to confirm it/);
    expect(refused.error).toContain('--yes');
    expect(refused.code).toBe(2);
    const planned = await baldistill('plan', here);
    expect(planned.out).toMatch(/teacher {3}[\d.]+ \([\d.]+ to [\d.]+\) USD; [\d.]+ k \([^)]*\) tokens in/);
    const counted = await baldistill('plan', dearGrid('counted', 'counts: { a: 300, b: 40 }'));
    expect(counted.out).toContain('4 runs use counts in place of data: their tokens and their cost are unknown');
    for (const name of ['services.sqlite', 'ledger.sqlite']) expect(existsSync(join(folder, 'home', name))).toBe(false);
  });

  test('preview --dry shows the requests word for word and sends none', async () => {
    const { code, out } = await baldistill('preview', dearFile('dry'), '-n', '2', '--dry', '--json');
    expect(code).toBe(0);
    const { requests } = Requests.parse(JSON.parse(out));
    expect(requests.filter(({ kind }) => kind === 'annotate')).toHaveLength(2);
    for (const { url, body } of requests) {
      expect(url).toBe('https://teacher.example.com/v1/chat/completions');
      expect(body).toMatchObject({ model: 'm', max_tokens: 1024 });
      expect(body.messages).toHaveLength(2);
    }
  });
});

describe('looking where nothing ever ran', () => {
  test('is no failure and starts nothing', async () => {
    expect(await baldistill('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(await baldistill('ls', '--json')).toEqual({ code: 0, out: '[]\n', error: '' });
    expect(await baldistill('down', '--json')).toEqual({ code: 0, out: '{"stopped":[]}\n', error: '' });
    expect(await baldistill('report', 'unknown')).toMatchObject({ code: 2 });
    expect(existsSync(join(folder, 'home', 'services.sqlite'))).toBe(false);
  });
});
