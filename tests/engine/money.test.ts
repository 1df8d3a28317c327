import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { Progress } from '../../contracts/progress.ts';
import { Report } from '../../contracts/report.ts';
import { resumeRun, setBudget } from '../../workflows/messages.ts';
import { queryLedger, violations } from '../ledger/ledger-file.ts';
import { openStories, until, wordnetSpec } from './rig.ts';

const at = openStories();

const model = 'simulated-wordnet?noise=0.2&pool=600';
const teacher = (price: string): string => `{ baseUrl: '${at.rig.embedded().url}', model: '${model}'${price} }`;
const student = (price: string): string => `{ baseUrl: '${at.rig.embedded().url}', model: naive-bayes${price} }`;
const ledgerFile = (): string => join(at.home.path, 'ledger.sqlite');
const reportOf = (run: string): Report =>
  Report.parse(JSON.parse(readFileSync(join(at.home.path, 'runs', run, 'report.json'), 'utf8')));

const fileOf = (budget: string, teacherPrice: string, studentPrice: string, prices = ''): string =>
  [
    'name: priced',
    'data: { builtin: wordnet, pool: 600 }',
    `budget: ${budget}`,
    `teacher: ${teacher(teacherPrice)}`,
    `student: ${student(studentPrice)}`,
    prices,
  ].join('\n');
const resolveText = (text: string) =>
  resolveRunFile(text, { path: '/stories/story.yaml', overrides: {}, dataRoot: undefined });

const problems = (text: string): string[] => {
  const resolved = resolveText(text);
  return resolved.ok ? [] : resolved.problems.map(({ expected }) => expected);
};

test('a limit in money needs a price of each model; `free` counts as a price', () => {
  expect(problems(fileOf('{ slots: 120, usd: 1 }', '', ''))).toEqual([
    expect.stringContaining(`needs the price of ${model}`),
    expect.stringContaining('needs the price of naive-bayes'),
  ]);
  expect(problems(fileOf('{ slots: 120, usd: 1 }', ', price: free', ', price: { input: 1, output: 1 }'))).toEqual([
    expect.stringContaining('training'),
  ]);
  expect(problems(fileOf('{ slots: 120 }', '', ''))).toEqual([]);
  const own = `prices: { '${model}': { input: 1, output: 2 }, naive-bayes: free }`;
  expect(problems(fileOf('{ slots: 120, usd: 1 }', '', '', own))).toEqual([]);
  expect(problems(fileOf('{ slots: 120, usd: 1 }', ', price: free', ', price: free'))).toEqual([]);
});

test('the activity refuses an unpriced limit too, also if it is set during the run', async () => {
  const spec = wordnetSpec(
    'unpriced',
    { method: 'random-ft-cot', seed: 60 },
    { teacher: teacher(''), student: student('') },
  );
  const handle = await at.home.start({ ...spec, name: 'unpriced-cap', budget: { ...spec.budget, usd: 1 } });
  await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  const before = await at.rig.counters();
  const other = await at.home.start(spec);
  await expect(
    other.executeUpdate(setBudget, { args: [at.home.command(other.workflowId, 'budget', { usd: 1 })] }),
  ).rejects.toMatchObject({
    cause: { message: expect.stringContaining('is unknown') },
  });
  await other.result();
  expect((await at.rig.counters()).billed - before.billed).toBe(120);
  const { money } = reportOf('unpriced').ledger;
  expect(money).toMatchObject({ chargedMicroUsd: 0, unpriced: 120 });
  const pages = ['report.md', 'report.html'].map((name) =>
    readFileSync(join(at.home.path, 'runs', 'unpriced', name), 'utf8'),
  );
  for (const page of pages) {
    expect(page).toContain('120 answers of a model without a known price');
    expect(page).toMatch(/the student(&#39;|')s price is unknown/);
  }
});

test('a limit in money stops at most one worst case below it and never above; the report shows planned and actual', async () => {
  const spec = wordnetSpec(
    'capped',
    { method: 'adaptive-ft-cot', seed: 61 },
    { teacher: teacher(', price: { input: 1, output: 10 }'), budget: '{ slots: 120, usd: 0.03 }' },
  );
  await (await at.home.start(spec)).result();
  const report = reportOf('capped');
  const { money, charged } = report.ledger;
  expect(charged).toBeLessThan(120);
  expect(money.chargedMicroUsd).toBeLessThanOrEqual(30_000);
  const [mostExpensive] = queryLedger(
    ledgerFile(),
    `select max(worst_micro_usd) as most from charges where run = 'capped'`,
  );
  expect(money.chargedMicroUsd).toBeGreaterThan(30_000 - Number(mostExpensive?.['most']));
  expect(money.plannedMicroUsd).toBeGreaterThan(money.chargedMicroUsd);
  const unfilled = report.stages.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => Object.keys(outcome.unfilled)),
  );
  expect(new Set(unfilled)).toEqual(new Set(['money']));
  expect(violations(ledgerFile())).toEqual([]);
});

test('tokens are limited in the same way', async () => {
  const spec = wordnetSpec(
    'few-tokens',
    { method: 'adaptive-ft-cot', seed: 62 },
    { budget: '{ slots: 120, tokens: 6000 }' },
  );
  await (await at.home.start(spec)).result();
  const { tokens, charged } = reportOf('few-tokens').ledger;
  expect(charged).toBeLessThan(120);
  expect(tokens).toMatchObject({ limit: 6000 });
  expect(tokens.charged).toBeLessThanOrEqual(6000);
  expect(violations(ledgerFile())).toEqual([]);
});

test('a student that bills uses the same limit; an exhausted limit blocks the run, and a higher one continues it', async () => {
  const price = ', price: { input: 0.5, output: 1, training: 0.2 }';
  const spec = wordnetSpec(
    'paid-student',
    { method: 'random-ft-cot', seed: 63 },
    {
      teacher: teacher(', price: { input: 1, output: 1 }'),
      student: student(price),
      budget: '{ slots: 120, usd: 0.08 }',
    },
  );
  const handle = await at.home.start(spec);
  const { blocked, step } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked?.type).toBe('BudgetExhausted');
  expect(blocked?.message).toMatch(/may cost up to [\d.]+ USD, and [\d.]+ of 0\.08 USD are charged already/);
  expect(step).toBe('fine-tune');
  await handle.executeUpdate(setBudget, { args: [at.home.command(handle.workflowId, 'budget', { usd: 20 })] });
  await handle.executeUpdate(resumeRun, { args: [{}] });
  expect(await handle.result()).toMatchObject({ status: 'completed', macro: expect.any(Number) });
  const ledger = await openLedger({ path: ledgerFile() });
  try {
    const { student: parts, money, budget } = await ledger.summary({ run: 'paid-student' });
    expect(parts.map(({ kind }) => kind)).toEqual(['fine-tune', 'generate-student']);
    for (const part of parts) expect(part.microUsd).toBeGreaterThan(0);
    expect(money.teacherMicroUsd + money.studentMicroUsd).toBe(budget.microUsd.charged);
    expect(money.worstMicroUsd).toBeGreaterThan(budget.microUsd.charged);
  } finally {
    await ledger.close();
  }
  expect(queryLedger(ledgerFile(), `select * from spendings where state = 'open'`)).toEqual([]);
  expect(violations(ledgerFile())).toEqual([]);
});

const blockedOrTrained = ({ status, finished }: Progress): boolean => status === 'blocked' || finished.length > 0;

test('a job that was cancelled while no worker waited stays charged, and so is the next job', async () => {
  const spec = wordnetSpec(
    'two-jobs',
    { method: 'random-ft-cot', seed: 65, stages: 1 },
    {
      teacher: teacher(', price: free'),
      student: student(', price: { input: 0, output: 0, training: 0.2 }'),
      budget: '{ slots: 120, usd: 20 }',
    },
  );
  const jobs = `${at.rig.embedded().url}/fine_tuning/jobs`;
  const Jobs = z.object({ data: z.array(z.object({ id: z.string(), status: z.string() })) });
  const running = async () => Jobs.parse(await (await fetch(jobs)).json()).data.find((job) => job.status === 'running');
  await at.rig.behave({ trainingPauseMs: 2_000 });
  const first = await at.home.start(spec);
  await expect.poll(running, { timeout: 20_000 }).toBeDefined();
  await first.cancel();
  await expect(first.result()).rejects.toBeInstanceOf(WorkflowFailedError);
  const [forfeited] = queryLedger(
    ledgerFile(),
    `select * from spendings where run = 'two-jobs' and kind = 'fine-tune'`,
  );
  expect(forfeited).toMatchObject({
    state: 'forfeited',
    reason: 'worker_lost',
    micro_usd: forfeited?.['worst_micro_usd'],
  });
  const cancelled = await fetch(`${jobs}/${(await running())?.id}/cancel`, { method: 'POST' });
  expect(await cancelled.json()).toMatchObject({ status: 'cancelled' });
  await at.rig.behave({ trainingPauseMs: 0 });

  // Either the first run's last status check finds the cancelled job, or this run does and is blocked.
  const again = await at.home.start(spec);
  const { blocked } = await until(again, blockedOrTrained);
  if (blocked !== null) {
    expect(blocked.type).toBe('FineTuneFailed');
    await again.executeUpdate(resumeRun, { args: [{}] });
  }
  expect(await again.result()).toMatchObject({ status: 'completed' });
  const entries = queryLedger(
    ledgerFile(),
    `select state, micro_usd from spendings where run = 'two-jobs' and kind = 'fine-tune' order by spent_at`,
  );
  expect(entries).toEqual([
    { state: 'forfeited', micro_usd: forfeited?.['micro_usd'] },
    { state: 'settled', micro_usd: expect.any(Number) },
  ]);
  const total = entries.reduce((sum, entry) => sum + Number(entry['micro_usd']), 0);
  expect(queryLedger(ledgerFile(), `select micro_usd from runs where name = 'two-jobs'`)).toEqual([
    { micro_usd: total },
  ]);
  expect(violations(ledgerFile())).toEqual([]);
});

/** A proxy before the embedded endpoint that multiplies the reported usage. */
async function multiplyingUsage(times: () => number): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const answer = await fetch(new URL(request.url ?? '/', at.rig.embedded().url), {
        method: request.method ?? 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.concat(chunks),
      });
      const text = (await answer.text()).replaceAll(
        /"(prompt|completion)_tokens":(\d+)/g,
        (_, kind: string, count: string) => `"${kind}_tokens":${Number(count) * times()}`,
      );
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('usage above the worst case is charged in full, blocks the run, and is the worst case from then on', async () => {
  let times = 50;
  const proxy = await multiplyingUsage(() => times);
  try {
    const spec = wordnetSpec(
      'above',
      { method: 'random-ft-cot', seed: 64 },
      { teacher: `{ baseUrl: '${proxy.url}', model: '${model}', concurrency: 4 }` },
    );
    const handle = await at.home.start(spec);
    const { blocked } = await until(handle, ({ status }) => status === 'blocked');
    expect(blocked?.type).toBe('UsageAboveBound');
    expect(blocked?.message).toMatch(/reported \d+ tokens in and \d+ out for a call of at most \d+ in and 1024 out/);
    const [blockedRun] = queryLedger(
      ledgerFile(),
      `select charged, tokens, excess_tokens from runs where name = 'above'`,
    );
    expect(Number(blockedRun?.['excess_tokens'])).toBeGreaterThan(0);
    expect(Number(blockedRun?.['charged'])).toBeLessThan(40);
    times = 1;
    await handle.executeUpdate(resumeRun, { args: [{}] });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    expect(violations(ledgerFile())).toEqual([]);
  } finally {
    await proxy.close();
  }
});
