/**
 * `npm run proof -- student-kills`: a run of three stages on a student server that is killed in the middle of every
 * training: with its trainer, three times; the trainer alone; the server alone while its trainer lives. Compared with the
 * same run on an undisturbed server. Needs the server's Python environment (`bin/baldistill student --set-up`).
 */
import { setInterval as every } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { madeStudentPython } from '../../workers/services/student/student-environment.ts';
import { ends, openHome, resultOf, shownBy, until } from '../durability/rig.ts';
import { startProofServer } from './student-server.ts';
import type { ProofServer } from './student-server.ts';

const python = process.platform === 'linux' ? await madeStudentPython() : undefined;
const lines: string[] = [];
if (python === undefined)
  lines.push('Skipped: it needs Linux and the Python environment that `bin/baldistill student --set-up` makes.');
afterAll(() => void process.stdout.write(`\n${lines.join('\n')}\n`));

const stages = 3;
/** With dropout, so that the state of its random numbers has to survive too; checkpoints all the time. */
const words = ['--base', 'tiny-llama:micro', '--checkpoint-seconds', '0.1', '--trainer-threads', '1'];
const runFile = (url: string): string =>
  [
    'name: student-kills',
    'data: { builtin: wordnet, pool: 300 }',
    'method: adaptive-ft-cot',
    `stages: ${stages}`,
    'budget: { slots: 120 }',
    'teacher: { embedded: simulated }',
    `student: { baseUrl: '${url}', model: 'tiny-llama:micro@lora', hyperparameters: { epochs: 20, batchSize: 8 },`,
    '  maxTokens: { select: 8, evaluate: 8 } }',
    '',
  ].join('\n');

type Disturb = (server: ProofServer, job: string) => Promise<void>;

/** What happens to the job of each stage. Each kill comes after a checkpoint that is new since the last one. */
const disturbances: readonly Disturb[] = [
  async (server, job) => {
    for (let time = 0; time < 3; time += 1) await killed(server, job, true);
  },
  async (server, job) => {
    const [trainer = 0] = await inTheMiddle(server, job);
    process.kill(trainer, 'SIGKILL');
  },
  async (server, job) => await killed(server, job, false),
];

/** Waits for a checkpoint further than the newest; the trainer that lives then. */
async function inTheMiddle(server: ProofServer, job: string): Promise<readonly number[]> {
  const before = server.checkpoint(job);
  await until(() => server.checkpoint(job) > before && server.trainers(job).length === 1, 120_000);
  return server.trainers(job);
}

async function killed(server: ProofServer, job: string, withTrainer: boolean): Promise<void> {
  await inTheMiddle(server, job);
  await server.kill(withTrainer);
  // The kernel ends a trainer with its server.
  await until(() => server.trainers(job).length === 0, 5000);
  await server.start();
}

/** The most trainers that one job had at the same time, looked at until `signal`. */
async function mostTrainers(server: ProofServer, jobs: readonly string[], signal: AbortSignal): Promise<number> {
  let most = 0;
  try {
    for await (const _ of every(20, undefined, { signal }))
      most = Math.max(most, ...jobs.map((job) => server.trainers(job).length));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return most;
}

interface Outcome {
  readonly weights: readonly string[];
  readonly resumes: readonly number[];
  readonly mostTrainers: number;
  readonly statuses: ReadonlySet<string>;
  readonly seconds: number;
}

async function run(disturbed: readonly Disturb[]): Promise<Outcome> {
  const home = await openHome();
  const server = await startProofServer(python ?? '', words);
  const watching = new AbortController();
  const seen: string[] = [];
  try {
    const started = performance.now();
    const most = mostTrainers(server, seen, watching.signal);
    const going = home.start('run', home.file('run.yaml', runFile(server.url)), '--json');
    for (let stage = 0; stage < stages; stage += 1) {
      await until(async () => (await server.jobs()).length > stage, 120_000);
      const job = (await server.jobs())[stage]?.id ?? '';
      seen.push(job);
      await disturbed[stage]?.(server, job);
    }
    const said = await ends(going.ended, 0);
    const seconds = Math.round((performance.now() - started) / 1000);
    watching.abort();
    expect(resultOf(said)).toMatchObject({ status: 'completed' });
    const jobs = await server.jobs();
    // Each stage has the one job that was created for it.
    expect(jobs).toEqual(seen.map((id) => ({ id, status: 'succeeded' })));
    return {
      weights: seen.map((job) => server.weights(job)),
      resumes: await Promise.all(seen.map(async (job) => await server.resumes(job))),
      mostTrainers: await most,
      statuses: new Set(shownBy(said.stdout).map(({ run: { status } }) => status)),
      seconds,
    };
  } finally {
    watching.abort();
    await home.end();
    await server.end();
  }
}

test.skipIf(python === undefined)(
  'a run whose student server is killed five times ends with the same students',
  async () => {
    const undisturbed = await run([]);
    const disturbed = await run(disturbances);
    lines.push(
      `undisturbed: ${undisturbed.seconds} s; disturbed: ${disturbed.seconds} s, ` +
        `trainings taken up again by stage ${disturbed.resumes.join(', ')}`,
      `most trainers of one job at a time: ${disturbed.mostTrainers}; ` +
        `the run was ${[...disturbed.statuses].join(', ')}; ${disturbed.weights.length} jobs for ${stages} stages`,
      ...disturbed.weights.map((weights, stage) => {
        const same = weights === undisturbed.weights[stage] ? 'the same weights' : 'OTHER WEIGHTS';
        return `stage ${stage}: ${weights.slice(0, 16)}, ${same} as undisturbed`;
      }),
    );
    expect(disturbed.weights).toEqual(undisturbed.weights);
    expect(undisturbed.resumes).toEqual([0, 0, 0]);
    expect(disturbed.resumes).toEqual([3, 1, 1]);
    expect([undisturbed.mostTrainers, disturbed.mostTrainers]).toEqual([1, 1]);
    for (const bad of ['blocked', 'failed', 'stopped']) expect(disturbed.statuses).not.toContain(bad);
  },
);
