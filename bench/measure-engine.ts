/** Measures a whole run: from the start of its workflow to the last answer, with workers that are up and idle before. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { openOwner } from '../adapters/owner/owner.ts';
import { registerRuns } from '../adapters/owner/register-runs.ts';
import { queryLedger } from '../tests/ledger/ledger-file.ts';
import { startPart } from '../tests/chaos/processes.ts';
import type { Part } from '../tests/chaos/processes.ts';
import { engineSettings } from '../workers/temporal-config.ts';
import type { distill } from '../workflows/index.ts';
import type { Cell, Measured } from './cell.ts';
import { cpuSeconds, peakMegabytes } from './process-cost.ts';
import { benchConfig, specOf, writeRows } from './run.ts';
import { nodeProgram } from './stand.ts';
import type { Stand } from './stand.ts';

let cells = 0;

/** `profile`: a folder for the workers' CPU profiles. */
export async function measureEngine(stand: Stand, cell: Cell, profile?: string): Promise<Measured> {
  const name = `bench-${++cells}`;
  const folder = join(stand.folder, name);
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  await writeRows(folder, cell.calls);
  const count = cell.client === 'engine, 2 workers' ? 2 : 1;
  const workers = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const args = ['--home', home, '--bundles', stand.bundles, '--address', stand.engine.address, '--name', name];
      if (cell.client === 'engine, null ledger') args.push('--null-ledger');
      const node = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
      return await startPart(nodeProgram('bench/worker.ts', args, join(folder, `worker-${index}.log`), node));
    }),
  );
  try {
    return await measure(stand, cell, { name, folder, home, workers });
  } finally {
    await Promise.all(workers.map(async (worker) => await worker.end(20_000)));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  stand: Stand,
  { calls, inFlight, client }: Cell,
  { name, folder, home, workers }: { name: string; folder: string; home: string; workers: readonly Part[] },
): Promise<Measured> {
  const { engine, url } = stand;
  const config = benchConfig(name);
  const spec = specOf({ name, folder, url, calls, concurrency: inFlight });
  await registerRuns(home, [spec]);
  const pids = workers.map(({ pid }) => pid);
  const [clientBefore, serverBefore] = [cpu(pids), cpu([engine.pid()])];
  const startedAt = Date.now();
  const handle: WorkflowHandle<typeof distill> = await engine.client.workflow.start<typeof distill>('distill', {
    workflowId: name,
    taskQueue: config.taskQueues.control.name,
    args: [{ run: await openOwner(home, null).signRun(spec), searchAttributes: true, engine: engineSettings(config) }],
  });
  const result = await handle.result();
  // The end of the run (deciding the slots, the report) is in the CPU, and not in the seconds: no call waits for it.
  const [clientCpu, serverCpu] = [cpu(pids) - clientBefore, cpu([engine.pid()]) - serverBefore];
  const { firstAt, lastAt, requests, mostInFlight } = await stand.counts();
  if (result.status !== 'completed') throw new Error(`the run ended as ${result.status}`);
  if (client !== 'engine, null ledger') everySlotAnswered(home, calls);
  const histories = [handle, engine.client.workflow.getHandle(`${name}/stage-0`)];
  const events = await Promise.all(histories.map(async (of) => (await of.describe()).historyLength));
  return {
    seconds: ((lastAt ?? startedAt) - startedAt) / 1000,
    clientCpu,
    serverCpu,
    peakMegabytes: Math.max(...pids.map(peakMegabytes)),
    firstCallSeconds: ((firstAt ?? startedAt) - startedAt) / 1000,
    requests,
    mostInFlight,
    events: events.reduce((sum, length) => sum + length, 0),
  };
}

const cpu = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

/** A run that lost an answer has no speed. */
function everySlotAnswered(home: string, calls: number): void {
  const [row] = queryLedger(
    join(home, 'ledger.sqlite'),
    `select count(distinct slot) as n from charges where state in ('settled', 'recovered')`,
  );
  if (Number(row?.['n']) !== calls) throw new Error(`${Number(row?.['n'])} of ${calls} slots are answered`);
}
