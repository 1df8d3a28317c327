/** What the ledger's tests share: a file for each test, a run, requests, and queries past the ledger. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { AnswerCost, IntentOutcome, Ledger, PaidAnswer } from '../../activities/ports/ledger.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { RunSpec } from '../../contracts/run/run-file.ts';

export { requestFor } from './requests.ts';
export { queryLedger, violations } from './ledger-file.ts';

/** A ledger file in a folder that is removed when the test ends. */
export function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baldistill-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'ledger.sqlite');
}

/** Opens a ledger that is closed when the test ends, if it is still open. */
export async function openFor(path: string): Promise<Ledger> {
  const ledger = await openLedger({ path });
  onTestFinished(async () => {
    await ledger.close().catch(() => undefined);
  });
  return ledger;
}

export function specOf(name: string, slots = 10): RunSpec {
  return RunSpec.parse({
    name,
    data: { builtin: 'wordnet' },
    stages: 5,
    dataRoot: '/nowhere',
    budget: { slots, calls: slots, maxForfeits: 3 },
    switches: {
      balance: 'adaptive',
      schedule: 'paper',
      select: 'ifd',
      tail: 'real-first',
      shortfall: 'duplicate',
      onMismatch: 'answer-only',
      consistency: 'keep',
      refill: 0,
      candidates: 'auto',
      rationale: 'teacher',
      format: 'text',
      loss: 'completion',
      init: 'base',
    },
    teacher: { embedded: 'simulated' },
    student: { driver: 'none' },
  });
}

export async function openRun(
  ledger: Ledger,
  run: string,
  change: { calls?: number; planned?: number; maxForfeits?: number; tokens?: number; microUsd?: number } = {},
): Promise<void> {
  const calls = change.calls ?? 10;
  const unlimited = { tokens: null, microUsd: null };
  await ledger.openRun({ run, spec: specOf(run), calls, planned: calls, maxForfeits: 3, ...unlimited, ...change });
}

export const answer: PaidAnswer = {
  text: 'Because of the grain. The answer is: corn',
  finishReason: 'stop',
  inputTokens: 20,
  cachedInputTokens: 0,
  outputTokens: 9,
  latencyMs: 51.5,
};

/** What `answer` cost. */
export const cost: AnswerCost = { tokens: 29, microUsd: 13 };

/** The call id of an intent that was allowed. */
export function sent(outcome: IntentOutcome): string {
  if (outcome.kind !== 'send') throw new Error(`expected to send, got ${JSON.stringify(outcome)}`);
  return outcome.callId;
}

export interface Child {
  readonly process: ChildProcess;
  /** The next line it prints. */
  next(): Promise<unknown>;
  /** Sends SIGKILL and waits until the process has ended. */
  kill(): Promise<void>;
}

/** Starts another process on the same ledger (tests/ledger/other-process.ts). */
export function startChild(...words: string[]): Child {
  const script = new URL('./other-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  onTestFinished(kill);
  return { process: child, next: async () => JSON.parse((await lines.next()).value ?? 'null'), kill };
}
