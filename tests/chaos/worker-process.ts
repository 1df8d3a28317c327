/** A worker of a chaos run: task queues of its own, short heartbeats, endpoints found through files of the run. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Runtime } from '@temporalio/worker';
import { z } from 'zod';
import { buildId } from '../../workers/build-id.ts';
import { workerLog } from '../../workers/log.ts';
import { startWorker } from '../../workers/start-worker.ts';
import { Where, configOf } from './where.ts';

const { values } = parseArgs({ options: { where: { type: 'string' } } });
const path = z.string().parse(values.where);
const where = (): Where => Where.parse(JSON.parse(readFileSync(path, 'utf8')));

const { home, bundles, address, name, sliceSeconds } = where();
Runtime.install({ logger: workerLog('INFO'), shutdownSignals: [] });
const worker = await startWorker({
  home,
  buildId: buildId(),
  bundles,
  config: configOf(name, sliceSeconds),
  target: { connectionOptions: { address }, namespace: 'default' },
  // As in workers/services/endpoints.ts: an endpoint that is not alive has no address.
  embeddedUrl: () => {
    const { teacher } = where();
    return alive(teacher.pid) ? teacher.url : undefined;
  },
  retryForMs: { refused: 1000, overloaded: 2500 },
});
process.on('SIGTERM', () => worker.shutdown());
if (process.connected) process.send?.({ ready: true });
await worker.stopped;

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: gone. It is ours, so nothing else can be wrong.
    return false;
  }
}
