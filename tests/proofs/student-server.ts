/** A student server for proofs: a process on one port through all its deaths, and what can be seen of its trainers. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { studentServer } from '../../workers/services/student/student-environment.ts';

const Jobs = z.object({ data: z.array(z.object({ id: z.string(), status: z.string() })) });
const Events = z.object({ data: z.array(z.object({ message: z.string() })) });

export interface ProofServer {
  /** With `/v1`; the same after every start. */
  readonly url: string;
  start(): Promise<void>;
  /** SIGKILL to the server, and first to its trainer where that is to die in the same moment. */
  kill(withTrainer: boolean): Promise<void>;
  /** Oldest first. */
  jobs(): Promise<readonly { readonly id: string; readonly status: string }[]>;
  resumes(job: string): Promise<number>;
  /** Steps of the newest checkpoint on the disk; 0 where there is none. */
  checkpoint(job: string): number;
  /** Processes that train this job now; one that is dead and not waited for is none. */
  trainers(job: string): readonly number[];
  /** Hash of what a job trained. */
  weights(job: string): string;
  end(): Promise<void>;
}

export async function startProofServer(python: string, words: readonly string[]): Promise<ProofServer> {
  const home = mkdtempSync(join(tmpdir(), 'student-proof-'));
  let port = 0;
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = spawn(python, ['-m', 'student_server', '--home', home, '--port', String(port), ...words], {
      cwd: studentServer,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: started.stdout })) {
      const said = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (said === undefined) continue;
      port = Number(said);
      child = started;
      started.stdout.resume();
      return;
    }
    throw new Error('The student server ended before it listened.');
  };
  await start();
  const url = `http://127.0.0.1:${port}/v1`;
  const ask = async (path: string): Promise<unknown> => await (await fetch(`${url}/fine_tuning/jobs${path}`)).json();
  const jobs: ProofServer['jobs'] = async () => Jobs.parse(await ask('?limit=100')).data.reverse();
  const trainers = (job: string): number[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => trains(pid, home, job))
      .map(Number);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = child === undefined ? undefined : once(child, 'exit');
    child?.kill(signal);
    await ended;
    child = undefined;
  };

  return {
    url,
    start,
    async kill(withTrainer) {
      if (withTrainer) {
        const open = (await jobs()).filter(({ status }) => status === 'running');
        for (const pid of open.flatMap(({ id }) => trainers(id))) process.kill(pid, 'SIGKILL');
      }
      await stop('SIGKILL');
    },
    jobs,
    async resumes(job) {
      const events = Events.parse(await ask(`/${job}/events?limit=1000`)).data;
      return events.filter(({ message }) => message.startsWith('Resumed from')).length;
    },
    checkpoint: (job) => newestStep(join(home, 'jobs', job, 'checkpoints')),
    trainers,
    weights: (job) => hash('sha256', readFileSync(join(home, 'models', job, 'adapter_model.safetensors'))),
    async end() {
      await stop('SIGTERM');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function newestStep(folder: string): number {
  try {
    return Math.max(0, ...readdirSync(folder).map((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? 0)));
  } catch {
    // Before the first one, or after the end.
    return 0;
  }
}

/** Whether this process is a trainer of the job that lives. */
function trains(pid: string, home: string, job: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (!words.includes('student_server.training.trainer') || !words.includes(home) || !words.includes(job))
      return false;
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('Z') === false;
  } catch {
    return false;
  }
}
