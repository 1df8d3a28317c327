/**
 * `npm run proof -- second-run`: what a second run over R52 pays after something changed: 100 rows more, other
 * concurrency, the endpoint on another port, another parser. Only for what is new. Prints a table.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startEmbedded } from '../../embedded/start.ts';
import type { EmbeddedServer } from '../../embedded/start.ts';
import { dataFolder } from '../../workers/services/home.ts';
import { otherSources } from '../durability/other-sources.ts';
import { ends, launcher, openHome, resultOf } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

const data = dataFolder(process.env);
const temporary = mkdtempSync(join(tmpdir(), 'baldistill-second-'));
const lines = ['| second run | calls asked | already paid | paid |', '| --- | ---: | ---: | ---: |'];
let home: Home;
let servers: EmbeddedServer[] = [];

beforeAll(async () => {
  if (data === undefined) return;
  servers = await Promise.all(
    ['one', 'two'].map(async (name) => await startEmbedded({ state: join(temporary, name), data })),
  );
  // The other copy of the sources lies elsewhere.
  process.env['BALDISTILL_DATA'] = data;
  home = await openHome();
  await ends(home.cli('dev'), 0);
});
afterAll(async () => {
  if (data === undefined) return;
  await home.end();
  await Promise.all(servers.map(async (server) => await server.close()));
  rmSync(temporary, { recursive: true, force: true });
  process.stdout.write(`\n${lines.join('\n')}\n`);
});

const read = (name: string): string[] =>
  readFileSync(join(data ?? '', 'r52', name), 'utf8')
    .trimEnd()
    .split('\n');

/** The first rows that the recording knows, each text once. */
function pool(rows: number): string {
  const Line = z.object({ id: z.string(), input: z.string().optional() });
  const recorded = new Set(read('teacher.jsonl').map((line) => Line.parse(JSON.parse(line)).id));
  const texts = new Set<string>();
  const kept = read('train.jsonl').filter((line) => {
    const { id, input = '' } = Line.parse(JSON.parse(line));
    if (!recorded.has(id) || texts.has(input)) return false;
    texts.add(input);
    return true;
  });
  const path = join(temporary, `pool-${rows}.jsonl`);
  writeFileSync(path, `${kept.slice(0, rows).join('\n')}\n`);
  return path;
}

interface Change {
  readonly rows?: number;
  readonly slots?: number;
  readonly concurrency?: number;
  readonly port?: number;
  readonly method?: string;
}

function runFile(name: string, change: Change): string {
  const { rows = 1000, slots = rows, concurrency = 16, port = servers[0]?.port, method = 'random-ft-cot' } = change;
  return home.file(
    `${name}.yaml`,
    [
      `name: ${name}`,
      'data:',
      '  folder: r52',
      `  train: '${pool(rows)}'`,
      '  fields: { id: id, domain: domain, instruction: instruction, input: input, answer: answer }',
      // All 52 labels, whatever the pool holds: the label set is part of every prompt, so a new label makes all of them new.
      '  test: test.jsonl',
      '  split: { validation: 0 }',
      `method: ${method}`,
      `budget: { slots: ${slots} }`,
      `teacher: { baseUrl: 'http://127.0.0.1:${port}/v1', model: recorded-r52, concurrency: ${concurrency} }`,
      method === 'random-ft-cot' ? 'student: { driver: none }' : 'student: { embedded: naive-bayes }',
      '',
    ].join('\n'),
  );
}

async function billed(): Promise<number> {
  const counters = await Promise.all(
    servers.map(async ({ port }) => {
      const response = await fetch(`http://127.0.0.1:${port}/embedded/counters`);
      return z.object({ billed: z.int() }).parse(await response.json()).billed;
    }),
  );
  return counters.reduce((sum, count) => sum + count, 0);
}

/** Runs it and says what was paid, by the endpoints' own counters and by the ledger. */
async function pays(what: string, name: string, change: Change, program = launcher): Promise<number> {
  const before = await billed();
  const said = await ends(home.cliOf(program, 'run', runFile(name, change), '--json'), 0);
  expect(resultOf(said)).toMatchObject({ status: 'completed' });
  const paid = (await billed()) - before;
  const { calls, budget } = await home.summary(name);
  expect(calls).toMatchObject({ settled: paid, cached: budget.charged - paid, forfeited: 0, open: 0 });
  lines.push(`| ${what} | ${budget.charged} | ${calls.cached} | ${paid} |`);
  return paid;
}

/** These sources with a parser that reads answers otherwise. */
const anotherParser = (): string =>
  otherSources(join(temporary, 'other-parser'), [
    { file: 'domain/answers/answers.ts', from: '/answer is\\b/gi', to: '/(?:answer|label) is\\b/gi' },
  ]);

test.skipIf(data === undefined)('a second run pays for what is new, and for nothing else', async () => {
  expect(await pays('the first run, 1,000 rows', 'first', {})).toBe(1000);
  expect(await pays('the same under another name', 'same', {})).toBe(0);
  expect(await pays('100 rows more', 'more', { rows: 1100 })).toBe(100);
  expect(await pays('64 calls in flight, not 16', 'wide', { rows: 1100, concurrency: 64 })).toBe(0);
  expect(await pays('the endpoint on another port', 'port', { rows: 1100, port: servers[1]?.port ?? 0 })).toBe(0);
  expect(await pays('another parser', 'parser', { rows: 1100 }, anotherParser())).toBe(0);
  const a = { method: 'baldistill-a', slots: 500 };
  const first = await pays('baldistill-a, 500 slots, 1,000 rows', 'a', a);
  const second = await pays('baldistill-a, 500 slots, 1,100 rows', 'a-more', { ...a, rows: 1100 });
  expect(second).toBeLessThan(first);
});
