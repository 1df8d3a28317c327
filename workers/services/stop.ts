/** Ends every background process of a home, the worker first: it needs the others to finish what it is at. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { graceMs } from './definitions.ts';
import { exclusively } from '../../adapters/processes/exclusive.ts';
import { endProcess, isAlive } from '../../adapters/processes/process-identity.ts';
import { registryPath, withRegistry } from './registry.ts';
import type { ServiceName, ServiceRecord } from './registry.ts';

const order = ['worker', 'embedded', 'temporal'] as const satisfies readonly ServiceName[];

/** Resolves to the services that were stopped. Does nothing where none was started. */
export async function stopServices(home: string, progress: (line: string) => void): Promise<readonly ServiceName[]> {
  if (!existsSync(registryPath(home))) return [];
  const waiting = (): void => progress('another baldistill is starting the services; waiting for it');
  return await exclusively(join(home, 'services.lock'), waiting, async () => {
    const stopped: ServiceName[] = [];
    for (const name of order) {
      const record = withRegistry(home, (registry) => registry.find(name));
      if (record === undefined) continue;
      if (isAlive(record)) {
        progress(`stopping the ${name} (process ${record.pid})`);
        await endProcess(record, graceMs[name]);
        stopped.push(name);
      }
      withRegistry(home, (registry) => registry.remove(name));
    }
    return stopped;
  });
}

/** What runs now, for `dev` and for people. */
export function runningServices(home: string): readonly ServiceRecord[] {
  if (!existsSync(registryPath(home))) return [];
  return withRegistry(home, (registry) => registry.all()).filter((record) => isAlive(record));
}
