/** What every cell is measured on: one endpoint and one Temporal server, each in a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../tests/chaos/engine.ts';
import type { Engine } from '../tests/chaos/engine.ts';
import { startPart } from '../tests/chaos/processes.ts';
import { buildId } from '../workers/build-id.ts';
import { workflowBundle } from '../workers/bundle.ts';
import { repository } from '../workers/services/home.ts';
import type { Launch } from '../workers/services/launch.ts';
import { Counts } from './behavior.ts';
import type { Behavior } from './behavior.ts';

export interface Stand {
  readonly folder: string;
  readonly bundles: string;
  readonly engine: Engine;
  /** Base URL of the endpoint. */
  readonly url: string;
  behave(behavior: Behavior): Promise<void>;
  counts(): Promise<Counts>;
  close(): Promise<void>;
}

export async function openStand(): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const bundles = join(tmpdir(), 'baldistill-bundles');
  await workflowBundle(bundles, buildId());
  const engine = await startEngine(join(folder, 'engine'));
  const endpoint = await startPart(nodeProgram('bench/endpoint.ts', [], join(folder, 'endpoint.log')));
  const origin = `http://127.0.0.1:${endpoint.port}`;
  const ask = async (init?: RequestInit): Promise<Counts> =>
    Counts.parse(await (await fetch(`${origin}/bench`, init)).json());
  return {
    folder,
    bundles,
    engine,
    url: `${origin}/v1`,
    behave: async (behavior) => void (await ask({ method: 'PUT', body: JSON.stringify(behavior) })),
    counts: async () => await ask(),
    close: async () => {
      await Promise.all([engine.close(), endpoint.end(3000)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A TypeScript program of the repository, with further options for node where the profiler is asked for. */
export function nodeProgram(
  program: string,
  args: readonly string[],
  logFile: string,
  node: readonly string[] = [],
): Launch {
  return {
    command: process.execPath,
    args: [...node, '--disable-warning=ExperimentalWarning', join(repository, program), ...args],
    environment: process.env,
    logFile,
    speaks: true,
  };
}
