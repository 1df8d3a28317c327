/** A student trained by a command of one's own: a whole run, its failures, and its end. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTimeOf } from '../../adapters/processes/process-identity.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { Report } from '../../contracts/report.ts';
import { resumeRun } from '../../workflows/messages.ts';
import type { RunningWorker } from '../../workers/start-worker.ts';
import { trainer } from '../command/training.ts';
import { openRig, until, wordnetSpec } from './rig.ts';
import type { Home, Rig } from './rig.ts';

let rig: Rig;
let home: Home;
let worker: RunningWorker;
const scratch = mkdtempSync(join(tmpdir(), 'baldistill-trainer-'));

beforeAll(async () => {
  process.env['STORY_TEACHER_KEY'] = 'teacher';
  process.env['STORY_STUDENT_KEY'] = 'student';
  rig = await openRig();
  home = rig.home();
  worker = await home.worker();
});
afterAll(async () => {
  await rig.close();
  rmSync(scratch, { recursive: true });
});

const patient = { timeout: 60_000 };

/** A small run whose student is trained by the test's own command. */
function specOf(name: string, mode: string, seed = 0): RunSpec {
  const { url } = rig.embedded();
  const student = [process.execPath, trainer, url, mode].map((word) => JSON.stringify(word)).join(', ');
  return wordnetSpec(
    name,
    { method: 'baldistill-a', stages: 2, seed: String(seed) },
    {
      student: `{ driver: command, train: [${student}], cwd: "${scratch}", baseUrl: "${url}", apiKeyEnv: STORY_STUDENT_KEY, hyperparameters: { epochs: 3 } }`,
    },
  );
}

const reportOf = (run: string): Report =>
  Report.parse(JSON.parse(readFileSync(join(home.path, 'runs', run, 'report.json'), 'utf8')));

/** Folders of trained keys, in no order. */
const outputs = (): string[] => {
  const folder = join(home.path, 'training');
  return existsSync(folder) ? readdirSync(folder).map((key) => join(folder, key, 'out')) : [];
};

/** How the command was started in a folder: process id, environment, working directory. */
const startsIn = (output: string): { pid: number; env: Record<string, string>; cwd: string }[] =>
  existsSync(join(output, 'starts.jsonl'))
    ? readFileSync(join(output, 'starts.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];

test('a run trains by a command in every stage, and scores as with the same student elsewhere', patient, async () => {
  const result = await (await home.start(specOf('by-command', 'good'))).result();
  const elsewhere = await (await home.start(wordnetSpec('embedded', { method: 'baldistill-a', stages: 2 }))).result();
  expect(result).toMatchObject({ status: 'completed', macro: elsewhere.macro, micro: elsewhere.micro });
  expect(result.studentModel).toMatch(/^ft:naive-bayes:/);
  const { stages } = reportOf('by-command');
  expect(stages.map(({ losses }) => losses)).toEqual(
    Array.from({ length: 2 }, () => [
      { step: 1, loss: 1.5 },
      { step: 2, loss: 0.5 },
    ]),
  );
  const starts = outputs().flatMap(startsIn);
  expect(starts).toHaveLength(2);
  for (const { env, cwd } of starts) {
    expect(env).toMatchObject({ SEED: '0', EPOCHS: '3', BATCH_SIZE: '16', STORY_STUDENT_KEY: 'student' });
    expect(env['TRAIN_FILE']).toMatch(/runs\/by-command\/train-stage-[01]\.jsonl$/);
    expect(env).not.toHaveProperty('STORY_TEACHER_KEY');
    expect(cwd).toBe(scratch);
  }
  for (const stage of [0, 1])
    expect(readFileSync(join(home.path, 'runs', 'by-command', `train-stage-${stage}.log`), 'utf8')).toBe('training\n');
});

test(
  'a command that fails blocks the run with its last lines; resume runs it again with the same folder',
  patient,
  async () => {
    const handle = await home.start(specOf('fails', 'fails-once', 1));
    const { blocked } = await until(handle, ({ status }) => status === 'blocked');
    expect(blocked?.type).toBe('FineTuneFailed');
    expect(blocked?.message).toMatch(
      /ended with exit code 7\. Its log is \S+\/fails\/train-stage-0\.log\. Its last lines:\ntraining\nout of memory on the first try$/,
    );
    await handle.executeUpdate(resumeRun, { args: [{}] });
    await until(handle, ({ status, stage }) => status === 'blocked' && stage === 1);
    await handle.executeUpdate(resumeRun, { args: [{}] });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
  },
);

test('a command that cannot be started, or writes no name, says so', patient, async () => {
  const { url } = rig.embedded();
  for (const [words, reason] of [
    ['["/no/such/trainer"]', /could not be started \(spawn \/no\/such\/trainer ENOENT\)/],
    [JSON.stringify([process.execPath, '-e', '0']), /wrote no \S+\/out\/model\.txt\./],
    [
      JSON.stringify([
        process.execPath,
        '-e',
        'require("fs").writeFileSync(process.env.OUT_DIR + "/model.txt", "a\\nb")',
      ]),
      /wrote no model name on one line/,
    ],
  ] as const) {
    const student = `{ driver: command, train: ${words}, cwd: "${scratch}", baseUrl: "${url}" }`;
    const name = `broken-${String(reason)
      .replaceAll(/[^a-z]/g, '')
      .slice(0, 12)}`;
    const handle = await home.start(wordnetSpec(name, { method: 'adaptive-ft-cot', stages: 1 }, { student }));
    const { blocked } = await until(handle, ({ status }) => status === 'blocked');
    expect(blocked?.message).toMatch(reason);
    await handle.cancel();
    await handle.result().catch(() => undefined);
  }
});

test(
  'a worker that leaves ends the command, the next one runs it again; stop ends it with its children',
  patient,
  async () => {
    const before = new Set(outputs());
    const handle = await home.start(specOf('leaves', 'waits', 2));
    const output = (): string => outputs().find((folder) => !before.has(folder)) ?? '';
    const childOf = (): number =>
      existsSync(join(output(), 'child')) ? Number(readFileSync(join(output(), 'child'), 'utf8')) : 0;
    await expect.poll(childOf, patient).toBeGreaterThan(0);
    const first = [startsIn(output())[0]?.pid ?? 0, childOf()];
    expect(first.map((pid) => startTimeOf(pid) !== undefined)).toEqual([true, true]);
    worker.shutdown();
    await worker.stopped;
    expect(first.map((pid) => startTimeOf(pid))).toEqual([undefined, undefined]);

    worker = await home.worker();
    await expect.poll(() => startsIn(output()).length, patient).toBe(2);
    await expect.poll(childOf, patient).not.toBe(first[1]);
    const second = [startsIn(output())[1]?.pid ?? 0, childOf()];
    expect(startsIn(output()).map(({ env }) => env['KEY'])).toEqual(
      Array.from({ length: 2 }, () => startsIn(output())[0]?.env['KEY']),
    );
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(second.map((pid) => startTimeOf(pid))).toEqual([undefined, undefined]);
    expect(existsSync(join(home.path, 'runs', 'leaves', 'train.jsonl'))).toBe(true);
  },
);

test('the run file: where a command runs, and what it may not be combined with', () => {
  const text = [
    'name: c\ndata: { builtin: wordnet }\nbudget: { slots: 10 }\nteacher: { embedded: simulated }',
    'student: { driver: command, train: [bash, train.sh], cwd: tools, baseUrl: "http://127.0.0.1:9/v1" }',
  ].join('\n');
  const options = { path: '/stories/run.yaml', overrides: {}, dataRoot: undefined };
  expect(resolveRunFile(text, options)).toMatchObject({ ok: true, spec: { student: { cwd: '/stories/tools' } } });
  const continued = resolveRunFile(`${text}\nswitches: { init: continue }`, options);
  expect(continued).toMatchObject({ ok: false, problems: [{ key: 'switches.init' }] });
});
