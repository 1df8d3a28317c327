/** The worker process: `node workers/main.ts --home DIR`. Drains on SIGTERM and SIGINT. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Runtime } from '@temporalio/worker';
import { buildId } from './build-id.ts';
import { workerLog } from './log.ts';
import { ownerUmask } from '../adapters/processes/owner-umask.ts';
import { closeHome } from './services/closed-home.ts';
import { embeddedUrl } from './services/endpoints.ts';
import { homeFolder } from './services/home.ts';
import { startWorker } from './start-worker.ts';
import { loadTemporalConfig } from './temporal-config.ts';
import { temporalTarget } from './temporal-connection.ts';

const { values } = parseArgs({ options: { home: { type: 'string' } } });
const home = values.home ?? homeFolder();

process.umask(ownerUmask);
closeHome(home);
Runtime.install({ logger: workerLog('INFO'), shutdownSignals: [] });
const worker = await startWorker({
  home,
  buildId: buildId(),
  bundles: join(home, 'bundles'),
  config: loadTemporalConfig(),
  target: temporalTarget(home),
  embeddedUrl: () => embeddedUrl(home),
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => worker.shutdown());
// The command that started this process may be gone by now.
if (process.connected) process.send?.({ ready: true });
await worker.stopped;
