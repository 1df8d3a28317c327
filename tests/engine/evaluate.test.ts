/** `evaluate`: scores any student on any split as a run does, without Temporal and without charging a run. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createProgram } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { Metrics } from '../../contracts/metrics.ts';
import { openRig, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
let home: Home;
let trained: { macro: number | null; micro: number | null; studentModel: string | null };
const scratch = mkdtempSync(join(tmpdir(), 'baldistill-evaluate-'));

beforeAll(async () => {
  rig = await openRig();
  home = rig.home();
  await home.worker();
  trained = await (await home.start(wordnetSpec('whole', { stages: 1 }))).result();
});
afterAll(async () => {
  await rig.close();
  rmSync(scratch, { recursive: true });
});

const Reported = z.looseObject({ model: z.string(), endpoint: z.string(), microUsd: z.number().nullable() });

async function outputOf(folder: string, ...args: string[]): Promise<{ printed: string[]; json: unknown[] }> {
  const printed: string[] = [];
  const json: unknown[] = [];
  const terminal: Terminal = {
    home: folder,
    print: (text) => void printed.push(text),
    printJson: (value) => void json.push(value),
    note: () => undefined,
  };
  await createProgram(terminal, '0', () => undefined).parseAsync(['evaluate', ...args], { from: 'user' });
  return { printed, json };
}

/** A run file with the same data and the student of the embedded endpoint. */
function fileOf(name: string, student: string, prices = '{}'): string {
  const path = join(scratch, `${name}.yaml`);
  const text = `name: ${name}\ndata: { builtin: wordnet, pool: 600 }\nbudget: { slots: 120 }\nteacher: { embedded: simulated }\nmethod: adaptive-ft-cot\nstudent: ${student}\nprices: ${prices}\n`;
  writeFileSync(path, text);
  return path;
}

test('the student of a run gets the same scores as in its run, with predictions', async () => {
  const { url } = rig.embedded();
  const predictions = join(scratch, 'predictions.jsonl');
  const { json } = await outputOf(
    home.path,
    '--run',
    'whole',
    '--endpoint',
    url,
    '--predictions',
    predictions,
    '--json',
  );
  expect(json).toEqual([expect.objectContaining({ ...Reported.parse(json[0]), split: 'test', microUsd: null })]);
  expect(json[0]).toMatchObject({ model: trained.studentModel, macro: trained.macro, micro: trained.micro });
  const own = readFileSync(join(home.path, 'runs', 'whole', 'predictions.test.jsonl'), 'utf8');
  expect(readFileSync(predictions, 'utf8')).toBe(own);
  const metrics = Metrics.parse(JSON.parse(readFileSync(join(home.path, 'runs', 'whole', 'metrics.json'), 'utf8')));
  expect(json[0]).toMatchObject({ interval: metrics.interval, domains: metrics.domains, groups: metrics.groups });
});

test('a run file, a model and an endpoint, with text output', async () => {
  const { url } = rig.embedded();
  const args = ['--model', trained.studentModel ?? '', '--endpoint', url, '--split', 'validation'];
  const { printed } = await outputOf(home.path, fileOf('anywhere', '{ driver: none }'), ...args);
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatch(/^validation: macro f1 0\.\d{3} \(95 % interval 0\.\d{3} to 0\.\d{3}\), micro 0\.\d{3}\n/);
  for (const text of ['without a valid answer', 'head', 'tail', 'animal']) expect(printed[0]).toContain(text);
});

test('a student that costs money is used only after confirmation, and never exceeds the confirmed cost', async () => {
  const { url } = rig.embedded();
  const priced = `{ baseUrl: "${url}", model: naive-bayes, price: { input: 1, output: 2 } }`;
  const args = [fileOf('priced', priced), '--model', trained.studentModel ?? ''];
  const refusal = await outputOf(home.path, ...args).then(String, String);
  const worst = Number(/may cost up to (\d+\.\d{6}) USD, charged to no run/.exec(refusal)?.[1]);
  expect(worst).toBeGreaterThan(0);
  const { json } = await outputOf(home.path, ...args, '--yes', '--json');
  const { microUsd } = Reported.parse(json[0]);
  expect(microUsd).toBeGreaterThan(0);
  expect(microUsd).toBeLessThanOrEqual(worst * 1e6);
  expect(json[0]).toMatchObject({ macro: trained.macro });
});

const paid = 'https://paid.invalid/v1';
const unpriced = '{ baseUrl: "https://other.invalid/v1", model: small }';

test.each([
  ['{ embedded: naive-bayes }', ['--endpoint', paid], 'The price of asking big at https://paid.invalid/v1'],
  ['{ driver: none }', ['--endpoint', paid], 'The price of asking big'],
  [unpriced, [], 'The price of asking big at https://other.invalid/v1'],
  [unpriced.replace(' }', ', price: free }'), [], 'The price of asking big'],
  [unpriced.replace('small', 'big').replace(' }', ', price: free }'), ['--endpoint', paid], 'The price of asking'],
])('%s %j: a model of unknown price needs confirmation', async (student, more, reason) => {
  const args = [fileOf('unknown', student), '--model', 'big', ...more];
  await expect(outputOf(home.path, ...args)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(reason),
    remedy: expect.stringContaining('--yes'),
  });
});

test('the price of the evaluated model counts, not the price of the student in the run file', async () => {
  const { url } = rig.embedded();
  const [model, prices] = [trained.studentModel ?? '', '{ input: 1, output: 2 }'];
  const free = `{ baseUrl: "${url}", model: naive-bayes, price: free }`;
  const named = fileOf('named', free, `{ "${model}": ${prices} }`);
  await expect(outputOf(home.path, named, '--model', model)).rejects.toThrow('USD, charged to no run');
  // Another model on this machine: the student's price does not apply, and it is free.
  const other = fileOf('other', `{ baseUrl: "${url}", model: another, price: ${prices} }`);
  const { json } = await outputOf(home.path, other, '--model', model, '--json');
  expect(json[0]).toMatchObject({ microUsd: null, macro: trained.macro });
});

const keyed = (url: string): string => `{ baseUrl: "${url}", model: small, apiKeyEnv: EVALUATE_FILE_KEY }`;

/** Expects the request to fail with a refused key. */
async function expectKeyRefused(...args: string[]): Promise<void> {
  await expect(outputOf(home.path, ...args)).rejects.toMatchObject({ type: 'EndpointRefusesKey' });
}

test('the API key of the run file is sent to its own server only', async () => {
  process.env['EVALUATE_FILE_KEY'] = 'sk-of-the-file';
  process.env['EVALUATE_OTHER_KEY'] = 'sk-of-the-other';
  const seen: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}');
  });
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const elsewhere = `http://127.0.0.1:${port}/v1`;
  const small = ['--model', 'small'];
  try {
    const away = fileOf('keyed', keyed('https://paid.invalid/v1'));
    await expectKeyRefused(away, ...small, '--endpoint', elsewhere);
    await expectKeyRefused(away, ...small, '--endpoint', elsewhere, '--api-key-env', 'EVALUATE_OTHER_KEY');
    await expectKeyRefused(fileOf('own', keyed(elsewhere)), ...small, '--endpoint', `${elsewhere}/`);
  } finally {
    other.close();
  }
  expect([...new Set(seen)]).toEqual(['Bearer none-needed', 'Bearer sk-of-the-other', 'Bearer sk-of-the-file']);
});

test('the settings of a run cannot be changed', async () => {
  const { url } = rig.embedded();
  const args = ['--run', 'whole', '--endpoint', url, '--set', 'student.maxTokens.evaluate=5', '--seed', '3'];
  await expect(outputOf(home.path, ...args)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/seed, student\.maxTokens\.evaluate cannot be changed together with --run/),
  });
});

test('no service has to run, and no files remain', async () => {
  const fresh = join(scratch, 'home');
  const { json } = await outputOf(
    fresh,
    fileOf('fresh', '{ embedded: naive-bayes }'),
    '--model',
    'naive-bayes',
    '--json',
  );
  expect(json[0]).toMatchObject({ model: 'naive-bayes', split: 'test' });
  expect(existsSync(join(fresh, 'services.sqlite'))).toBe(false);
  await expect(fetch(Reported.parse(json[0]).endpoint)).rejects.toThrow('fetch failed');
});

test.each([
  [[], 'Give a run file, or a run with --run.'],
  [['--run', 'unknown'], 'There is no run "unknown".'],
  [['FILE'], 'Say which model to ask'],
  [['FILE', '--model', 'm'], 'names no endpoint for the student'],
  [['FILE', '--model', 'm', '--split', 'train'], '--split is test or validation'],
])('%j is refused with a reason', async (args, reason) => {
  const file = fileOf('none', '{ driver: none }');
  await expect(outputOf(home.path, ...args.map((argument) => (argument === 'FILE' ? file : argument)))).rejects.toThrow(
    reason,
  );
});
