/** One look at a run or a comparison that starts nothing. */
import { Client, Connection } from '@temporalio/client';
import { runningServices } from '../../workers/services/stop.ts';
import { externalTarget, temporalTarget } from '../../workers/temporal-connection.ts';
import { snapshotOf } from './follow.ts';
import type { Snapshot } from './follow.ts';

/** The run as its workflow reports it; undefined where the engine is down, or does not know the run or cannot query it. */
export async function lookAt(home: string, run: string): Promise<Snapshot | undefined> {
  return await lookWith(home, async (client) => await snapshotOf(client, run, home));
}

/** Whether a run or comparison of this name is going on, as far as the engine answers. */
export async function goesOn(home: string, name: string): Promise<boolean> {
  const found = await lookWith(home, async (client) => await client.workflow.getHandle(name).describe());
  return found?.status.name === 'RUNNING';
}

/** What `look` finds; undefined where the engine is not up or does not answer, or the look fails. */
export async function lookWith<S>(home: string, look: (client: Client) => Promise<S>): Promise<S | undefined> {
  const up = externalTarget() !== undefined || runningServices(home).some(({ name }) => name === 'temporal');
  if (!up) return undefined;
  const { connectionOptions, namespace } = temporalTarget(home);
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
    try {
      return await look(new Client({ connection, namespace }));
    } finally {
      await connection.close();
    }
  } catch {
    // Engine down, run unknown, or no worker: use the ledger.
    return undefined;
  }
}
