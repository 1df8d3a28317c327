/**
 * Twice a second a worker says what it is at and looks what the others are at: an endpoint that several of them ask is
 * divided among them, and again when one comes, goes or has nothing to ask.
 */
import { isFresh, openBoard, readBoard } from '../../adapters/flow/worker-board.ts';
import { startTimeOf } from '../../adapters/processes/process-identity.ts';
import type { WorkerSnapshot } from '../../contracts/flow/flow.ts';
import type { Limiters } from './limiters.ts';

const everyMs = 500;

export interface WatchSetup {
  readonly home: string;
  /** Its name, unique in this home. */
  readonly worker: string;
  readonly limiters: Limiters;
  readonly metrics: string | null;
}

/** Returns what ends it. */
export function watchWorker({ home, worker, limiters, metrics }: WatchSetup): () => void {
  const board = openBoard(home, worker);
  const startTime = startTimeOf(process.pid) ?? '';
  let quiet = false;

  function publish(): void {
    const endpoints = limiters.snapshots('busy').filter(({ runs }) => runs.length > 0);
    // An idle worker publishes that once, then stops.
    if (endpoints.length === 0 && quiet) return;
    quiet = endpoints.length === 0;
    board.write({ worker, pid: process.pid, startTime, at: Date.now(), metrics, endpoints: [...endpoints] });
    const others = readBoard(home).filter((other) => other.worker !== worker && isFresh(other, Date.now()));
    limiters.divide((endpoint) => 1 + others.filter((other) => asks(other, endpoint)).length);
  }

  publish();
  const timer = setInterval(publish, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    board.remove();
  };
}

function asks({ endpoints }: WorkerSnapshot, endpoint: string): boolean {
  return endpoints.some((snapshot) => snapshot.endpoint === endpoint);
}
