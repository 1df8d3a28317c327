/** Measures a bare loop: the process is running and waits for a message before the clock starts. */
import { once } from 'node:events';
import { join } from 'node:path';
import { endProcess } from '../adapters/processes/process-identity.ts';
import { launch, untilReady } from '../workers/services/launch.ts';
import type { Cell, Measured } from './cell.ts';
import { cpuSeconds, peakMegabytes } from './process-cost.ts';
import { nodeProgram } from './stand.ts';
import type { Stand } from './stand.ts';

export async function measureBare(stand: Stand, cell: Cell): Promise<Measured> {
  const { client, inFlight, calls } = cell;
  const args = ['--client', client, '--url', stand.url, '--inFlight', String(inFlight), '--calls', String(calls)];
  const request = nodeProgram('bench/bare-loop.ts', args, join(stand.folder, 'bare.log'));
  const launched = await launch(request);
  const { child, identity } = launched;
  await untilReady(request, launched, 30_000);
  const before = cpuSeconds(identity.pid);
  const startedAt = Date.now();
  child.send({ go: true });
  await once(child, 'message');
  const { firstAt, lastAt, requests, mostInFlight } = await stand.counts();
  const measured: Measured = {
    seconds: ((lastAt ?? startedAt) - startedAt) / 1000,
    clientCpu: cpuSeconds(identity.pid) - before,
    serverCpu: null,
    peakMegabytes: peakMegabytes(identity.pid),
    firstCallSeconds: ((firstAt ?? startedAt) - startedAt) / 1000,
    requests,
    mostInFlight,
    events: null,
  };
  await endProcess(identity, 1000);
  return measured;
}
