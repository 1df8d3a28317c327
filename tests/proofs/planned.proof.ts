/**
 * `npm run proof -- planned`: what `plan` says after a pilot beside what the run then did: R52 with a recorded teacher,
 * once with hardly anything to synthesize (A) and once with half of it (N), and a run whose teacher synthesizes at a price.
 * Calls exact, tokens and money inside the printed ranges, and the pilot is not paid again. Prints a table.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Range } from '../../domain/statistics/range.ts';
import { table } from '../../report/markdown-table.ts';
import { dataFolder, repository } from '../../workers/services/home.ts';
import { ends, openHome, resultOf } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';

const data = dataFolder(process.env);
const Between = z.object({ low: z.number(), likely: z.number(), high: z.number() });
const Planned = z.object({
  estimate: z.object({
    teacher: z.object({ calls: z.int(), inputTokens: Between, outputTokens: Between, microUsd: Between }),
  }),
});
const rows: string[][] = [];
let home: Home;

beforeAll(async () => {
  if (data !== undefined) process.env['BALDISTILL_DATA'] = data;
  home = await openHome();
  await ends(home.cli('dev'), 0);
});
afterAll(async () => {
  await home.end();
  process.stdout.write(`\n${table(['run', 'what', 'planned', 'actual'], rows)}\n`);
});

const price = 'price: { input: 5, output: 20 }';
const teacher = (model: string): string =>
  `teacher: { baseUrl: '${new URL('/v1', home.endpoint()).href}', model: '${model}', ${price} }`;

/** The example of R52, with a price that makes the recording cost something. */
function r52(name: string, method: string): string {
  return readFileSync(join(repository, 'examples', 'r52.yaml'), 'utf8')
    .replace(/^name: .*/m, `name: ${name}`)
    .replace(/^method: .*/m, `method: ${method}`)
    .replace(/^teacher: .*/m, teacher('recorded-r52'));
}

const synthesizing = (name: string): string =>
  [
    `name: ${name}`,
    'data: { builtin: wordnet, pool: 6000 }',
    'method: baldistill-n',
    'stages: 4',
    'budget: { slots: 2000 }',
    teacher('simulated-wordnet?noise=0.2&pool=6000'),
    'student: { embedded: naive-bayes }',
    '',
  ].join('\n');

async function plannedAndDone(name: string, text: string): Promise<void> {
  const file = home.file(`${name}.yaml`, text);
  const start = await home.counters();
  await ends(home.cli('preview', file, '-n', '5', '--yes', '--json'), 0);
  const piloted = await home.counters();
  expect(piloted.billed).toBeGreaterThan(start.billed);
  const { stdout } = await ends(home.cli('plan', file, '--json'), 0);
  const { teacher: said } = Planned.parse(JSON.parse(stdout)).estimate;
  expect(resultOf(await ends(home.cli('run', file, '--yes', '--json'), 0))).toMatchObject({ status: 'completed' });

  const { budget, calls, tokens, money, duplicates } = await home.summary(name);
  // A slot for which nothing is left to hand out is refused, given back, and filled by repeating a row.
  expect(budget.charged + duplicates).toBe(said.calls);
  rows.push([name, 'calls', String(said.calls), `${budget.charged} + ${duplicates} repeats`]);
  const amounts: readonly (readonly [string, Range, number])[] = [
    ['tokens in', said.inputTokens, tokens.input],
    ['tokens out', said.outputTokens, tokens.output],
    ['microUSD', said.microUsd, money.teacherMicroUsd],
  ];
  for (const [what, { low, likely, high }, actual] of amounts) {
    rows.push([name, what, `${Math.round(likely)} (${Math.round(low)} to ${Math.round(high)})`, String(actual)]);
    expect(actual, what).toBeGreaterThanOrEqual(low);
    expect(actual, what).toBeLessThanOrEqual(high);
  }
  // Every call that was billed, the pilot's too, is one of the run's own.
  expect((await home.counters()).billed - start.billed).toBe(calls.settled);
  expect(calls).toMatchObject({ forfeited: 0, open: 0 });
}

test.skipIf(data === undefined)('R52: calls as planned, tokens and money within what was said', async () => {
  await plannedAndDone('r52-a', r52('r52-a', 'baldistill-a'));
  await plannedAndDone('r52-n', r52('r52-n', 'baldistill-n'));
});

test('a run that synthesizes a good part of its rows: the same', async () => {
  await plannedAndDone('synthesizing', synthesizing('synthesizing'));
});
