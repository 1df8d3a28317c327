/** Servers that the contract is held against: each a process of its own, so that it can be killed. */
import { fork, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

export interface ServerUnderContract {
  /** With `/v1`; another one after `restart`. */
  readonly address: () => string;
  readonly apiKey: string | undefined;
  /** A base that can be trained. */
  readonly model: string;
  readonly retryForMs: number;
  /** SIGKILL, then a new process on the same state; undefined where it is not ours to kill. */
  readonly restart: (() => Promise<void>) | undefined;
  readonly stop: () => Promise<void>;
}

const apiKey = 'contract-secret';
const Ready = z.object({ ready: z.literal(true), port: z.number() });

/** `pauseMs`: rest after every 50 rows of training, so that a job can be met in the middle of it. */
export async function embeddedServer(model: string, pauseMs: number): Promise<ServerUnderContract> {
  const state = mkdtempSync(join(tmpdir(), 'contract-'));
  let running = await startEmbedded(state);
  await behave();

  async function behave(): Promise<void> {
    const response = await fetch(`${running.origin}/embedded/behavior`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ trainingPauseMs: pauseMs }),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  return {
    model,
    apiKey,
    retryForMs: 60_000,
    address: () => `${running.origin}/v1`,
    async restart() {
      await kill(running.child);
      running = await startEmbedded(state);
    },
    async stop() {
      await kill(running.child);
      rmSync(state, { recursive: true, force: true });
    },
  };
}

async function startEmbedded(state: string): Promise<{ readonly child: ChildProcess; readonly origin: string }> {
  const child = fork('embedded/main.ts', ['--state', state], {
    silent: true,
    execArgv: ['--no-warnings'],
    env: { ...process.env, BALDISTILL_EMBEDDED_KEY: apiKey },
  });
  const [message] = await once(child, 'message');
  return { child, origin: `http://127.0.0.1:${Ready.parse(message).port}` };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

interface Named {
  readonly model: string;
  readonly apiKey: string | undefined;
}

const trainingPatienceMs = 300_000;

/** A server that is somewhere, and not ours. */
export function elsewhereServer({ url, ...named }: Named & { readonly url: string }): ServerUnderContract {
  return { ...named, retryForMs: trainingPatienceMs, address: () => url, restart: undefined, stop: leave };
}

async function leave(): Promise<void> {
  // It was there before us.
}

/** A server that a command starts: killed alone, as for want of memory, and started again by the same command. */
export async function commandedServer({
  command,
  ...named
}: Named & { readonly command: string }): Promise<ServerUnderContract> {
  let running = await startCommand(command);
  return {
    ...named,
    retryForMs: trainingPatienceMs,
    address: () => running.url,
    async restart() {
      await kill(running.child);
      running = await startCommand(command);
    },
    async stop() {
      running.child.kill('SIGTERM');
      if (running.child.exitCode === null && running.child.signalCode === null) await once(running.child, 'exit');
    },
  };
}

async function startCommand(command: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const [program = '', ...words] = command.split(' ').filter((word) => word !== '');
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listens on (https?:\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return { child, url };
  }
  throw new Error(`"${command}" ended, and said nothing like "listens on URL".`);
}
