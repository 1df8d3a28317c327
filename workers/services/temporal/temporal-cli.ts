/** Where the `temporal` binary comes from, in order of preference. A missing one is installed once per user. */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { BaldistillError } from '../../../domain/failures.ts';
import { exclusively } from '../../../adapters/processes/exclusive.ts';
import { cacheFolder } from '../home.ts';
import { buildTemporalCli } from './temporal-build.ts';
import { downloadTemporalCli } from './temporal-download.ts';

/** The newest release that `go install` accepts. */
export const cliVersion = '1.5.1';

export type Say = (line: string) => void;

/** Path of a binary that can be run. May build for minutes, saying so. Throws `EndpointDown` when no way works. */
export async function findTemporalCli(say: Say, environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const cache = cacheOf(environment);
  const cached = join(cache, 'temporal');
  const present = presentTemporalCli(environment);
  if (present !== undefined) return present;

  mkdirSync(cache, { recursive: true });
  const waiting = () => say('another process is bringing the Temporal server; waiting for it');
  return await exclusively(join(cache, 'lock.sqlite'), waiting, async () => {
    const meanwhile = presentTemporalCli(environment);
    if (meanwhile !== undefined) return meanwhile;
    say('no Temporal server on this machine yet (TEMPORAL_ADDRESS, PATH, cache): bringing one');
    const refused = await downloadTemporalCli(cached, say, environment);
    if (refused === undefined) return cached;
    say(`no download: ${refused}`);
    const unbuilt = await buildTemporalCli({ cache, target: cached, version: cliVersion, say, environment });
    if (unbuilt === undefined) return cached;
    throw new BaldistillError('EndpointDown', nothingWorks(refused, unbuilt));
  });
}

/** Path of the binary that is there now; undefined where one would have to be brought. */
export function presentTemporalCli(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const places = [onPath(environment), join(cacheOf(environment), 'temporal'), downloadedBySdk()];
  return places.find((path) => path !== undefined && canRun(path));
}

function cacheOf(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), 'temporal-cli', cliVersion);
}

function nothingWorks(refused: string, unbuilt: string): string {
  return [
    'There is no Temporal server on this machine and none could be brought.',
    `  Download: ${refused}`,
    `  Build with Go: ${unbuilt}`,
    'Do one of these and start again:',
    '  install the Temporal CLI so that `temporal` is on the PATH (https://docs.temporal.io/cli);',
    '  install Go 1.25 or newer (https://go.dev/dl), with which the server is built once, in 3 to 8 minutes;',
    '  set TEMPORAL_ADDRESS=host:port to use a server that runs elsewhere.',
  ].join('\n');
}

function onPath(environment: NodeJS.ProcessEnv): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, 'temporal')).find(canRun);
}

/** Where the SDK's test environment leaves its download. The folder is everybody's, so the file has to be ours. */
function downloadedBySdk(): string | undefined {
  const { version } = z
    .object({ version: z.string() })
    .parse(createRequire(import.meta.url)('@temporalio/client/package.json'));
  const path = join(tmpdir(), `temporal-sdk-typescript-${version}`);
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.() ? path : undefined;
}

function canRun(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not executable by us: the same as not there.
    return false;
  }
}
