/** Runs a command to its end: without a shell, as the leader of a group of its own, with its output in a log file. */
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { asStorageFailure } from '../artifacts/storage-failure.ts';
import { endGroup, startTimeOf } from '../processes/process-identity.ts';

/** How long a command may take to save its state when it is asked to end. */
const graceMs = 10_000;
const shownLines = 10;
const readBytes = 65_536;

export interface Command {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** File that names the running process, for the next worker after a crash. */
  readonly recordFile: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

export interface Ended {
  /** How it ended, as the end of a sentence: `ended with exit code 1`; null where it went well. */
  readonly trouble: string | null;
  readonly lastLines: string;
}

const Identity = z.object({ pid: z.int().min(2), startTime: z.string() });

/** Throws the signal's reason once the process and its group are gone. */
export async function runCommand(command: Command): Promise<Ended> {
  const { logFile, signal } = command;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  try {
    const { size } = fstatSync(log);
    const trouble = await untilEnded(command, log);
    signal.throwIfAborted();
    return { trouble, lastLines: lastLinesOf(logFile, size) };
  } finally {
    closeSync(log);
  }
}

async function untilEnded(
  { words: [program = '', ...args], cwd, environment: env, recordFile, signal }: Command,
  log: number,
): Promise<string | null> {
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('exit', (code, killed) => resolve(code === 0 ? null : `ended with ${killed ?? `exit code ${code}`}`));
  });
  if (child.pid === undefined) return await ended;
  const identity = { pid: child.pid, startTime: startTimeOf(child.pid) ?? '' };
  try {
    writeFileSync(recordFile, JSON.stringify(identity));
  } catch (error) {
    // A command left running could not be found again, and the next one would run beside it.
    await endGroup(identity, graceMs);
    throw asStorageFailure(error, recordFile);
  }
  const over = new AbortController();
  try {
    const broken = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal });
      if (signal.aborted) resolve();
    }).then(async () => await endGroup(identity, graceMs));
    const trouble = await Promise.race([ended, broken.then(async () => await ended)]);
    // The process is gone, and what it started may not be.
    if (signal.aborted) await broken;
    rmSync(recordFile, { force: true });
    return trouble;
  } finally {
    over.abort();
  }
}

/** Ends what an earlier worker started and could not wait for. */
export async function endLeftover(recordFile: string): Promise<void> {
  let text: string;
  try {
    text = readFileSync(recordFile, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const identity = Identity.safeParse(JSON.parse(text === '' ? 'null' : text)).data;
  if (identity !== undefined) await endGroup(identity, graceMs);
  rmSync(recordFile, { force: true });
}

/** What was written since `from`, of which the end is read: a log grows over all attempts, to any size. */
function lastLinesOf(log: string, from: number): string {
  const file = openSync(log, 'r');
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - readBytes);
    const bytes = Buffer.alloc(Math.max(0, size - start));
    const length = readSync(file, bytes, 0, bytes.length, start);
    const written = bytes.subarray(0, length).toString('utf8');
    return stripVTControlCharacters(written).trimEnd().split('\n').slice(-shownLines).join('\n').slice(-1500);
  } finally {
    closeSync(file);
  }
}
