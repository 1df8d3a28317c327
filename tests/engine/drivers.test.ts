import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Report } from '../../contracts/report.ts';
import { resumeRun } from '../../workflows/messages.ts';
import { startLiar } from '../conformance/faulty-endpoint.ts';
import { openRig, until, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
let home: Home;

beforeAll(async () => {
  rig = await openRig({ continueAfterEvents: 60 });
  home = rig.home(0.4);
  await home.worker();
});
afterAll(async () => await rig.close());

const reportOf = (run: string): Report =>
  Report.parse(JSON.parse(readFileSync(join(home.path, 'runs', run, 'report.json'), 'utf8')));

test('without a student a run only produces data', async () => {
  const spec = wordnetSpec('data-only', { method: 'adaptive-ft-cot', stages: 2 }, { student: '{ driver: none }' });
  expect(await (await home.start(spec)).result()).toMatchObject({
    status: 'completed',
    macro: null,
    studentModel: null,
  });
  const report = reportOf('data-only');
  expect(report.ledger.charged).toBe(120);
  expect(report.test).toBeNull();
  expect(
    readFileSync(join(home.path, 'runs', 'data-only', 'train.jsonl'), 'utf8')
      .trimEnd()
      .split('\n'),
  ).toHaveLength(120);
});

test('a manual student: the run is blocked with its training file and resumes with the given model', async () => {
  const trained = await (
    await home.start(wordnetSpec('teacher-of-one', { method: 'adaptive-ft-cot', stages: 1 }))
  ).result();
  const spec = wordnetSpec('by-hand', { method: 'adaptive-ft-cot', stages: 1 }, { student: '{ driver: manual }' });
  const handle = await home.start(spec);
  const { blocked } = await until(handle, ({ status }) => status === 'blocked');
  expect(blocked?.type).toBe('AwaitingStudent');
  const path = /(\/\S+\.jsonl)/.exec(blocked?.message ?? '')?.[1] ?? '';
  expect(existsSync(path)).toBe(true);
  const student = { studentModel: trained.studentModel ?? '', studentUrl: rig.embedded().url };
  await handle.executeUpdate(resumeRun, { args: [home.command(handle.workflowId, 'resume', student)] });
  const result = await handle.result();
  expect(result).toMatchObject({ status: 'completed', studentModel: trained.studentModel, macro: trained.macro });
});

test('the log-linear student learns rationales and ranks by IFD', async () => {
  const spec = wordnetSpec(
    'log-linear',
    { method: 'baldistill-a', stages: 2 },
    { student: '{ embedded: log-linear, maxTokens: { select: 40, evaluate: 40 } }' },
  );
  expect(await (await home.start(spec)).result()).toMatchObject({ status: 'completed' });
  const report = reportOf('log-linear');
  expect(report.test?.macro).toBeGreaterThan(0.02);
  const losses = report.stages[0]?.losses ?? [];
  expect(losses.at(-1)?.loss).toBeLessThan(losses[0]?.loss ?? 0);
  expect(report.stages[0]?.ranked).toBeUndefined();
  const ranked = report.stages[1]?.ranked ?? { rows: 0, cut: -1 };
  expect(ranked.rows).toBeGreaterThan(60);
  expect(ranked.cut).toBeGreaterThan(0);
  expect(ranked.cut).toBeLessThan(ranked.rows);
  const page = readFileSync(join(home.path, 'runs', 'log-linear', 'report.md'), 'utf8');
  expect(page).toContain(`Stage 1: the student ranked ${ranked.rows} rows; ${ranked.cut} of its answers (`);
});

test('a long stage continues as new between slices without losing answers', async () => {
  await rig.behave({ latencyMs: 60 });
  const spec = wordnetSpec(
    'long',
    { method: 'random-ft-cot', seed: 31 },
    { budget: '{ slots: 300 }', teacher: '{ embedded: simulated, concurrency: 6 }' },
  );
  const handle = await home.start(spec);
  const result = await handle.result();
  expect(result.status).toBe('completed');
  const report = reportOf('long');
  expect(report.stages[0]?.counts).toMatchObject({ slots: 300, real: 300 });
  expect(report.ledger).toMatchObject({ charged: 300, forfeited: 0 });
  const executions = rig.client.workflow.list({ query: `WorkflowId = 'long/stage-0'` });
  const statuses: string[] = [];
  for await (const { status } of executions) statuses.push(status.name);
  expect(statuses.filter((status) => status === 'CONTINUED_AS_NEW').length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status === 'COMPLETED')).toHaveLength(1);
});

/** Trains twice; `loss: full`, at this address. */
const wholeText = (name: string, url: string) =>
  wordnetSpec(
    name,
    { method: 'adaptive-ft-cot', stages: 2 },
    { student: `{ baseUrl: '${url}', model: naive-bayes }`, switches: '{ loss: full, format: chat }' },
  );

test('loss: full ends the run before the first teacher call if the endpoint does not list it', async () => {
  const before = await rig.counters();
  const handle = await home.start(wholeText('not-taken', rig.embedded().url));
  await expect(handle.result()).rejects.toMatchObject({
    cause: { cause: { type: 'InvalidInput', message: expect.stringContaining('Use `loss: completion`') } },
  });
  expect((await rig.counters()).billed).toBe(before.billed);
});

test.each([
  [['loss', 'template'], { loss: 'full', template: 'chat' }],
  [['loss'], { loss: 'full' }],
])('an endpoint that lists %j receives these options with every job', async (tunable, reported) => {
  const jobs: unknown[] = [];
  const url = await startLiar(
    {
      ask(body, path) {
        if (path === '/v1/fine_tuning/jobs') jobs.push(body);
        return body;
      },
      answer: (body, path) => (path === '/v1/models/naive-bayes' ? { ...body, tunable } : body),
    },
    new URL(rig.embedded().url).origin,
  );
  const handle = await home.start(wholeText(`taken-${tunable.length}`, url));
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  const hyperparameters = { n_epochs: 8, batch_size: 16, ...reported };
  const job = { hyperparameters, method: { type: 'supervised', supervised: { hyperparameters } } };
  expect(jobs).toEqual([expect.objectContaining(job), expect.objectContaining(job)]);
});

test('default training options are neither probed nor sent', async () => {
  const seen: string[] = [];
  const url = await startLiar(
    {
      path(path) {
        seen.push(path);
        return path;
      },
      ask(body, path) {
        if (path === '/v1/fine_tuning/jobs') seen.push(JSON.stringify(body['hyperparameters']));
        return body;
      },
    },
    new URL(rig.embedded().url).origin,
  );
  const spec = wordnetSpec(
    'as-ever',
    // A separate seed, because a job that another run here has trained is not trained again.
    { method: 'adaptive-ft-cot', stages: 1, seed: 8 },
    { student: `{ baseUrl: '${url}', model: naive-bayes }` },
  );
  expect(await (await home.start(spec)).result()).toMatchObject({ status: 'completed' });
  expect(seen).toContain('{"n_epochs":8,"batch_size":16}');
  expect(seen.filter((path) => path.startsWith('/v1/models/'))).toEqual([]);
});
