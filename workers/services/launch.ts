/** Starts a process that outlives us: own session, own log file, no terminal. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { repository } from './home.ts';
import { startTimeOf } from '../../adapters/processes/process-identity.ts';
import type { ProcessIdentity } from '../../adapters/processes/process-identity.ts';

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** The process says `{ready: true}` over IPC; without it, readiness is found out otherwise. */
  readonly speaks: boolean;
}

export interface Launched {
  readonly identity: ProcessIdentity;
  readonly child: ChildProcess;
}

const Ready = z.looseObject({ ready: z.literal(true), port: z.int().optional() });

/** Resolves as soon as the process exists. Throws where it cannot be started at all. */
export async function launch(request: Launch): Promise<Launched> {
  mkdirSync(dirname(request.logFile), { recursive: true });
  const log = openSync(request.logFile, 'a');
  try {
    const child = spawn(request.command, [...request.args], {
      detached: true,
      cwd: repository,
      env: request.environment,
      stdio: ['ignore', log, log, ...(request.speaks ? (['ipc'] as const) : [])],
    });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const { pid } = child;
    const startTime = pid === undefined ? undefined : startTimeOf(pid);
    if (pid === undefined || startTime === undefined) throw new Error(failed(request));
    return { identity: { pid, startTime }, child };
  } finally {
    closeSync(log);
  }
}

/** Waits for the ready message. Returns the port it brings, if any; throws with the end of the log if it dies or is late. */
export async function untilReady(request: Launch, { child }: Launched, withinMs: number): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(failed(request, `is not ready after ${withinMs / 1000} s`))),
      withinMs,
    );
    child.once('exit', () => {
      clearTimeout(late);
      reject(new Error(failed(request)));
    });
    child.on('message', (message) => {
      const ready = Ready.safeParse(message);
      if (!ready.success) return;
      clearTimeout(late);
      resolve(ready.data.port);
    });
  });
}

/** Lets go of a process, so that it no longer keeps us alive nor minds our end. */
export function letGo({ child }: Launched): void {
  child.removeAllListeners();
  if (child.connected) child.disconnect();
  child.unref();
}

export function failed(request: Launch, what = 'ended while it was starting'): string {
  const lines = readFileSync(request.logFile, 'utf8').trimEnd().split('\n').slice(-8);
  const words = [request.command, ...request.args].join(' ');
  return [`${words} ${what}. Its log is ${request.logFile}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}
