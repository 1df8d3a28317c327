/** The real command line with real background services, in a home of its own: for stories that kill things. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { z } from 'zod';
import type { LedgerSummary } from '../../activities/ports/ledger.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { Progress, RunResult, StageProgress } from '../../contracts/progress.ts';
import type { BehaviorChange } from '../../embedded/behavior.ts';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { embeddedUrl } from '../../workers/services/endpoints.ts';
import type { ServiceName } from '../../workers/services/registry.ts';
import { runningServices } from '../../workers/services/stop.ts';

export const launcher = fileURLToPath(new URL('../../bin/baldistill', import.meta.url));
const bundles = join(tmpdir(), 'baldistill-bundles');

const Counters = z.object({ requests: z.int(), billed: z.int() });
const Jobs = z.object({ data: z.array(z.object({ status: z.string() })) });
const Shown = z.object({ type: z.literal('progress'), run: Progress, stage: StageProgress.nullable() });
const Ended = z.object({ type: z.literal('result'), result: RunResult });
export type Shown = z.infer<typeof Shown>;

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is going on, the leader of a process group of its own, as a shell starts one. */
export interface Going {
  readonly said: () => Omit<Said, 'code'>;
  readonly ended: Promise<Said>;
  /** What Ctrl+C does. */
  interrupt(): void;
}

export interface Home {
  readonly path: string;
  /** Writes a run file into the home and returns its path. */
  file(name: string, text: string): string;
  start(...words: string[]): Going;
  cli(...words: string[]): Promise<Said>;
  /** As `cli`, by the launcher of another copy of the sources. */
  cliOf(launcher: string, ...words: string[]): Promise<Said>;
  /** Process id of a service that lives; throws where it does not. */
  pid(service: ServiceName): number;
  /** SIGKILL, as a crash or the out-of-memory killer would. */
  kill(service: ServiceName): Promise<void>;
  endpoint(): URL;
  behave(change: BehaviorChange): Promise<void>;
  counters(): Promise<z.infer<typeof Counters>>;
  /** Status of every fine-tuning job, the latest first. */
  jobs(): Promise<readonly string[]>;
  summary(run: string): Promise<LedgerSummary>;
  trainingSet(run: string): string;
  /** Everything that runs and has this home on its command line or in its environment: `pid: command line`. */
  processes(): readonly string[];
  end(): Promise<void>;
}

export interface HomeOptions {
  /** A folder that the first command makes; without it, a new folder that is there already. */
  readonly path?: string;
  /** What commands have in their environment beside the test's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

export async function openHome(options: HomeOptions = {}): Promise<Home> {
  const path = options.path ?? mkdtempSync(join(tmpdir(), 'baldistill-durability-'));
  // All homes run the same sources: one bundle serves them all, and no worker spends seconds on its own.
  const bundle = await workflowBundle(bundles, buildId());
  if (options.path === undefined) cpSync(bundle, join(path, 'bundles', `${buildId()}.js`));
  const { TEMPORAL_ADDRESS: _address, TEMPORAL_PROFILE: _profile, ...inherited } = process.env;
  const env = { ...inherited, ...options.environment, BALDISTILL_HOME: path };

  const going = new Set<Going>();
  const startOf = (program: string, words: readonly string[]): Going => {
    const child = spawn(program, words, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const ended = new Promise<Said>((resolve, reject) => {
      child.once('error', reject).once('close', (code) => resolve({ code, ...output }));
    });
    const interrupt = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    };
    const command: Going = { said: () => ({ ...output }), ended, interrupt };
    going.add(command);
    child.once('close', () => going.delete(command));
    return command;
  };

  const start = (...words: string[]): Going => startOf(launcher, words);

  const pid = (service: ServiceName): number => {
    const record = runningServices(path).find(({ name }) => name === service);
    if (record === undefined) throw new Error(`no ${service} is running`);
    return record.pid;
  };
  const endpoint = (): URL => new URL(embeddedUrl(path) ?? 'http://the-embedded-endpoint-is-down.invalid');
  const ask = async (where: string): Promise<unknown> => await (await fetch(new URL(where, endpoint()))).json();

  return {
    path,
    file(name, text) {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    start,
    cli: (...words) => start(...words).ended,
    cliOf: (program, ...words) => startOf(program, words).ended,
    pid,
    async kill(service) {
      const victim = pid(service);
      process.kill(victim, 'SIGKILL');
      await expect
        .poll(() => runningServices(path).some((record) => record.pid === victim), { interval: 10 })
        .toBe(false);
    },
    endpoint,
    async behave(change) {
      const response = await fetch(new URL('/embedded/behavior', endpoint()), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(change),
      });
      expect(response.status).toBe(200);
    },
    counters: async () => Counters.parse(await ask('/embedded/counters')),
    jobs: async () => Jobs.parse(await ask('/v1/fine_tuning/jobs')).data.map(({ status }) => status),
    async summary(run) {
      const ledger = await openLedger({ path: join(path, 'ledger.sqlite') });
      try {
        return await ledger.summary({ run });
      } finally {
        await ledger.close();
      }
    },
    trainingSet: (run) => readFileSync(join(path, 'runs', run, 'train.jsonl'), 'utf8'),
    processes: () => processesOf(path),
    async end() {
      // One that is still attached would start again what we end.
      const left = [...going];
      for (const command of left) command.interrupt();
      await Promise.all(left.map(async ({ ended }) => await ended));
      const down = await start('down').ended;
      const processes = processesOf(path);
      rmSync(path, { recursive: true, force: true });
      expect(down).toMatchObject({ code: 0 });
      expect(processes).toEqual([]);
    },
  };
}

/** Every snapshot an attached `run --json` has printed so far. */
export function shownBy(stdout: string): readonly Shown[] {
  return jsonLines(stdout).flatMap((line) => Shown.safeParse(line).data ?? []);
}

/** Fails with everything the command said when it ended otherwise. */
export async function ends(command: Promise<Said>, code: number): Promise<Said> {
  const said = await command;
  expect(said.code, `${said.stderr}\n${said.stdout.slice(-2000)}`).toBe(code);
  return said;
}

/** How an attached `run --json` said that the run ended. */
export function resultOf({ stdout }: Said): RunResult {
  const last = Ended.safeParse(jsonLines(stdout).at(-1));
  if (!last.success) throw new Error(`no result at the end of: ${stdout.slice(-2000)}`);
  return last.data.result;
}

function jsonLines(text: string): unknown[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line): unknown => JSON.parse(line));
}

/** The tests' own way to wait for a moment: looks every 10 ms. */
export async function until(wanted: () => boolean | Promise<boolean>, withinMs = 40_000): Promise<void> {
  await expect.poll(async () => await wanted(), { interval: 10, timeout: withinMs }).toBe(true);
}

/** The run of these stories: 240 slots in four stages of 60, over 600 rows. */
export function storyFile(name: string, teacher = '', seed = 0): string {
  return [
    `name: ${name}`,
    'data: { builtin: wordnet, pool: 600 }',
    `seed: ${seed}`,
    'method: baldistill-a',
    'stages: 4',
    'budget: { slots: 240 }',
    `teacher: { embedded: simulated${teacher} }`,
    'student: { embedded: naive-bayes }',
    '',
  ].join('\n');
}

/** Linux only, as `/proc` is; elsewhere the registry has the word. */
function processesOf(home: string): string[] {
  return numbers('/proc').flatMap((pid) => {
    const words = contentOf(`/proc/${pid}/cmdline`);
    if (Number(pid) === process.pid || words === '') return [];
    return `${words}\0${contentOf(`/proc/${pid}/environ`)}`.includes(home)
      ? [`${pid}: ${words.replaceAll('\0', ' ')}`]
      : [];
  });
}

function numbers(folder: string): string[] {
  return process.platform === 'linux' ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
}

/** Empty for a process that went away meanwhile, or that is not ours to look at. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** An endpoint whose model is away: a fault that blocks a run until it is fixed. */
export const modelAway = {
  status: 404,
  when: 'before',
  every: 1,
  headers: {},
  body: {
    error: { message: 'The model does not exist', type: 'invalid_request_error', param: null, code: 'model_not_found' },
  },
} as const;
