/**
 * The embedded endpoint as a process: `node embedded/main.ts --state DIR [--port N] [--idempotent] [--latency MS]`.
 * `BALDISTILL_DATA` names the folder with data sets, `BALDISTILL_EMBEDDED_KEY` a key every request must carry.
 */
import { parseArgs } from 'node:util';
import { ownerUmask } from '../adapters/processes/owner-umask.ts';
import { startEmbedded } from './start.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    port: { type: 'string', default: '0' },
    idempotent: { type: 'boolean', default: false },
    latency: { type: 'string', default: '0' },
  },
});

process.umask(ownerUmask);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  if (values.state === undefined) throw new Error('--state DIR is needed: the folder the endpoint keeps its state in.');
  const server = await startEmbedded({
    state: values.state,
    port: Number(values.port),
    data: process.env['BALDISTILL_DATA'] || undefined,
    apiKey: process.env['BALDISTILL_EMBEDDED_KEY'] || undefined,
    behavior: { idempotent: values.idempotent, latencyMs: Number(values.latency) },
  });
  let closing = false;
  const close = (signal: string): void => {
    if (closing) return;
    closing = true;
    say(`embedded endpoint closes on ${signal}`);
    // An open channel to the parent would keep the process alive.
    if (process.connected) process.disconnect();
    server.close().catch(fail);
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  if (process.connected) process.send?.({ ready: true, port: server.port });
  say(`embedded endpoint listens on ${server.url}`);
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
