/** `evaluate`: any student on any split, scored as a run scores it, without an engine and charged to no run. */
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

async function said(folder: string, ...words: string[]): Promise<{ printed: string[]; json: unknown[] }> {
  const printed: string[] = [];
  const json: unknown[] = [];
  const terminal: Terminal = {
    home: folder,
    print: (text) => void printed.push(text),
    printJson: (value) => void json.push(value),
    note: () => undefined,
  };
  await createProgram(terminal, '0', () => undefined).parseAsync(['evaluate', ...words], { from: 'user' });
  return { printed, json };
}

/** A run file over the same data, whose student is the one at the embedded endpoint. */
function fileOf(name: string, student: string, prices = '{}'): string {
  const path = join(scratch, `${name}.yaml`);
  const text = `name: ${name}\ndata: { builtin: wordnet, pool: 600 }\nbudget: { slots: 120 }\nteacher: { embedded: simulated }\nmethod: adaptive-ft-cot\nstudent: ${student}\nprices: ${prices}\n`;
  writeFileSync(path, text);
  return path;
}

test('the student of a run scores what its run said, with predictions to compare', async () => {
  const { url } = rig.embedded();
  const predictions = join(scratch, 'predictions.jsonl');
  const { json } = await said(home.path, '--run', 'whole', '--endpoint', url, '--predictions', predictions, '--json');
  expect(json).toEqual([expect.objectContaining({ ...Reported.parse(json[0]), split: 'test', microUsd: null })]);
  expect(json[0]).toMatchObject({ model: trained.studentModel, macro: trained.macro, micro: trained.micro });
  const own = readFileSync(join(home.path, 'runs', 'whole', 'predictions.test.jsonl'), 'utf8');
  expect(readFileSync(predictions, 'utf8')).toBe(own);
  const metrics = Metrics.parse(JSON.parse(readFileSync(join(home.path, 'runs', 'whole', 'metrics.json'), 'utf8')));
  expect(json[0]).toMatchObject({ interval: metrics.interval, domains: metrics.domains, groups: metrics.groups });
});

test('a run file, a model and an endpoint, for people', async () => {
  const { url } = rig.embedded();
  const words = ['--model', trained.studentModel ?? '', '--endpoint', url, '--split', 'validation'];
  const { printed } = await said(home.path, fileOf('anywhere', '{ driver: none }'), ...words);
  expect(printed).toHaveLength(1);
  expect(printed[0]).toMatch(/^validation: macro f1 0\.\d{3} \(95 % interval 0\.\d{3} to 0\.\d{3}\), micro 0\.\d{3}\n/);
  for (const word of ['without a valid answer', 'head', 'tail', 'animal']) expect(printed[0]).toContain(word);
});

test('a student that costs money is asked only when that is agreed to, and never costs more', async () => {
  const { url } = rig.embedded();
  const priced = `{ baseUrl: "${url}", model: naive-bayes, price: { input: 1, output: 2 } }`;
  const words = [fileOf('priced', priced), '--model', trained.studentModel ?? ''];
  const refusal = await said(home.path, ...words).then(String, String);
  const worst = Number(/may cost up to (\d+\.\d{6}) USD, charged to no run/.exec(refusal)?.[1]);
  expect(worst).toBeGreaterThan(0);
  const { json } = await said(home.path, ...words, '--yes', '--json');
  const { microUsd } = Reported.parse(json[0]);
  expect(microUsd).toBeGreaterThan(0);
  expect(microUsd).toBeLessThanOrEqual(worst * 1e6);
  expect(json[0]).toMatchObject({ macro: trained.macro });
});

const paid = 'https://paid.invalid/v1';
const priceless = '{ baseUrl: "https://other.invalid/v1", model: small }';

test.each([
  ['{ embedded: naive-bayes }', ['--endpoint', paid], 'The price of asking big at https://paid.invalid/v1'],
  ['{ driver: none }', ['--endpoint', paid], 'The price of asking big'],
  [priceless, [], 'The price of asking big at https://other.invalid/v1'],
  [priceless.replace(' }', ', price: free }'), [], 'The price of asking big'],
  [priceless.replace('small', 'big').replace(' }', ', price: free }'), ['--endpoint', paid], 'The price of asking'],
])('%s %j: a model of unknown price is asked only when that is agreed to', async (student, more, reason) => {
  const words = [fileOf('unknown', student), '--model', 'big', ...more];
  await expect(said(home.path, ...words)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(reason),
    remedy: expect.stringContaining('--yes'),
  });
});

test('the price of the model that is asked counts, and not the price of the student in the file', async () => {
  const { url } = rig.embedded();
  const [model, prices] = [trained.studentModel ?? '', '{ input: 1, output: 2 }'];
  const free = `{ baseUrl: "${url}", model: naive-bayes, price: free }`;
  const named = fileOf('named', free, `{ "${model}": ${prices} }`);
  await expect(said(home.path, named, '--model', model)).rejects.toThrow('USD, charged to no run');
  // Not the student, and on this machine: its price is not the student's, and it is free.
  const other = fileOf('other', `{ baseUrl: "${url}", model: another, price: ${prices} }`);
  const { json } = await said(home.path, other, '--model', model, '--json');
  expect(json[0]).toMatchObject({ microUsd: null, macro: trained.macro });
});

const keyed = (url: string): string => `{ baseUrl: "${url}", model: small, apiKeyEnv: EVALUATE_FILE_KEY }`;

/** Asked, and turned away for its key. */
async function turnedAway(...words: string[]): Promise<void> {
  await expect(said(home.path, ...words)).rejects.toMatchObject({ type: 'EndpointRefusesKey' });
}

test('the key of the run file goes to its own server, and to no other', async () => {
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
    await turnedAway(away, ...small, '--endpoint', elsewhere);
    await turnedAway(away, ...small, '--endpoint', elsewhere, '--api-key-env', 'EVALUATE_OTHER_KEY');
    await turnedAway(fileOf('own', keyed(elsewhere)), ...small, '--endpoint', `${elsewhere}/`);
  } finally {
    other.close();
  }
  expect([...new Set(seen)]).toEqual(['Bearer none-needed', 'Bearer sk-of-the-other', 'Bearer sk-of-the-file']);
});

test('the settings of a run are those it has', async () => {
  const { url } = rig.embedded();
  const words = ['--run', 'whole', '--endpoint', url, '--set', 'student.maxTokens.evaluate=5', '--seed', '3'];
  await expect(said(home.path, ...words)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/seed, student\.maxTokens\.evaluate cannot be changed together with --run/),
  });
});

test('nothing has to be running, and nothing is left behind', async () => {
  const fresh = join(scratch, 'home');
  const { json } = await said(fresh, fileOf('fresh', '{ embedded: naive-bayes }'), '--model', 'naive-bayes', '--json');
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
])('%j is refused with a reason', async (words, reason) => {
  const file = fileOf('none', '{ driver: none }');
  await expect(said(home.path, ...words.map((word) => (word === 'FILE' ? file : word)))).rejects.toThrow(reason);
});
