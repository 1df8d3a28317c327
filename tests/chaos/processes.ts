/** Child processes of the driver: started, stopped, continued and ended by their own ids, and none forgotten. */
import { setTimeout as wait } from 'node:timers/promises';
import { DidNotStart, launch, untilReady } from '../../workers/services/launch.ts';
import type { Launch, Launched } from '../../workers/services/launch.ts';
import { endProcess, isAlive } from '../../adapters/processes/process-identity.ts';

export interface Part {
  readonly pid: number;
  /** Port it said it listens on, 0 for none. */
  readonly port: number;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL after the grace time. Resolves to whether it went by itself. */
  end(graceMs: number): Promise<boolean>;
  alive(): boolean;
}

const started = new Set<Launched>();
let ending = false;

type Readiness = (launched: Launched) => Promise<number>;

/** Starts a node program (or any) and waits until it says that it is ready, or until `ready` resolves. */
export async function startPart(request: Launch, ready?: Readiness): Promise<Part> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(request, ready);
    } catch (error) {
      // A Temporal server chooses ports of its own as it starts, and one of them may be gone when it listens.
      if (!(error instanceof DidNotStart && error.portTaken) || attempt === 3) throw error;
    }
  }
}

async function startOnce(request: Launch, ready?: Readiness): Promise<Part> {
  if (ending) throw new Error('the driver ends');
  const launched = await launch(request);
  started.add(launched);
  const { identity, child } = launched;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const part = (port: number): Part => ({
    pid: identity.pid,
    port,
    alive: () => isAlive(identity),
    signal: (signal) => {
      if (isAlive(identity)) process.kill(identity.pid, signal);
    },
    async kill() {
      if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL');
      await gone;
      started.delete(launched);
    },
    async end(graceMs) {
      let asked = true;
      if (isAlive(identity)) {
        process.kill(identity.pid, 'SIGTERM');
        process.kill(identity.pid, 'SIGCONT');
        asked = await Promise.race([gone.then(() => true), wait(graceMs, false, { ref: false })]);
        if (!asked) process.kill(identity.pid, 'SIGKILL');
      }
      await gone;
      started.delete(launched);
      return asked;
    },
  });
  try {
    return part((await (ready ?? ((of) => untilReady(request, of, 120_000)))(launched)) ?? 0);
  } catch (error) {
    await endProcess(identity, 0);
    started.delete(launched);
    throw error;
  }
}

/** Ends whatever is still there, and starts nothing more; for a driver that is interrupted. */
export async function endAll(): Promise<void> {
  ending = true;
  await Promise.all([...started].map(async ({ identity }) => await endProcess(identity, 2000)));
  started.clear();
}
