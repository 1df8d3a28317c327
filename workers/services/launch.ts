/** Starts a process that outlives us: own session, own log file, no terminal. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
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
  /** Byte offset in the log file at the start of this process: the file is kept across starts. */
  readonly logStart: number;
}

/** A process ended before it was ready, or was not ready in time. */
export class DidNotStart extends Error {
  /** It ended because its port was taken: the next one may be free. */
  readonly portTaken: boolean;

  constructor(message: string, portTaken: boolean) {
    super(message);
    this.portTaken = portTaken;
  }
}

const Ready = z.looseObject({ ready: z.literal(true), port: z.int().optional() });

/** Resolves as soon as the process exists. Throws DidNotStart where it cannot be started at all. */
export async function launch(request: Launch): Promise<Launched> {
  mkdirSync(dirname(request.logFile), { recursive: true });
  const log = openSync(request.logFile, 'a');
  const logStart = fstatSync(log).size;
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
    if (pid === undefined || startTime === undefined) throw ended(request, logStart);
    return { identity: { pid, startTime }, child, logStart };
  } finally {
    closeSync(log);
  }
}

/** Waits for the ready message. Returns the port it brings, if any; throws DidNotStart if it dies or is late. */
export async function untilReady(request: Launch, launched: Launched, withinMs: number): Promise<number | undefined> {
  const { child, logStart } = launched;
  return await new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(tooLate(request, logStart, `is not ready after ${withinMs / 1000} s`)),
      withinMs,
    );
    child.once('exit', () => {
      clearTimeout(late);
      reject(ended(request, logStart));
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

export function ended(request: Launch, logStart: number): DidNotStart {
  const said = logOf(request, logStart);
  const taken = /EADDRINUSE|address already in use/i.test(said);
  return new DidNotStart(story(request, 'ended while it was starting', said), taken);
}

export function tooLate(request: Launch, logStart: number, what: string): DidNotStart {
  return new DidNotStart(story(request, what, logOf(request, logStart)), false);
}

function logOf({ logFile }: Launch, logStart: number): string {
  return readFileSync(logFile).subarray(logStart).toString('utf8').trimEnd();
}

/** The end of its output; of a stack trace the beginning. */
function story({ command, args, logFile }: Launch, what: string, said: string): string {
  const lines = said.split('\n');
  const trace = lines.findLastIndex((line) => line.startsWith('panic: '));
  const shown = trace < 0 ? lines.slice(-8) : lines.slice(trace, trace + 8);
  const words = [command, ...args].join(' ');
  return [`${words} ${what}. Its log is ${logFile}:`, ...shown.map((line) => `  ${line}`)].join('\n');
}
