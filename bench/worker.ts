/** A worker of the benchmark: as workers/main.ts, with task queues of its own and, where asked for, a null ledger. */
import { parseArgs } from 'node:util';
import { Runtime } from '@temporalio/worker';
import { z } from 'zod';
import { openLedger } from '../adapters/ledger/open-ledger.ts';
import { buildId } from '../workers/build-id.ts';
import { workerLog } from '../workers/log.ts';
import { startWorker } from '../workers/start-worker.ts';
import { nullLedger } from './null-ledger.ts';
import { benchConfig } from './run.ts';

const { values } = parseArgs({
  options: {
    home: { type: 'string' },
    bundles: { type: 'string' },
    address: { type: 'string' },
    name: { type: 'string' },
    'null-ledger': { type: 'boolean', default: false },
  },
});
const { home, bundles, address, name } = z
  .object({ home: z.string(), bundles: z.string(), address: z.string(), name: z.string() })
  .parse(values);

Runtime.install({ logger: workerLog('INFO'), shutdownSignals: [] });
const worker = await startWorker({
  home,
  buildId: buildId(),
  bundles,
  config: benchConfig(name),
  target: { connectionOptions: { address }, namespace: 'default' },
  embeddedUrl: () => undefined,
  ...(values['null-ledger'] ? { openLedger: async (options) => nullLedger(await openLedger(options)) } : {}),
});
process.on('SIGTERM', () => worker.shutdown());
process.send?.({ ready: true });
await worker.stopped;
