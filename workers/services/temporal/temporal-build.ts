/** Builds the Temporal CLI from the Go module proxy: works wherever Go and a module proxy do. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export interface TemporalBuild {
  /** The folder of this version in the cache; nothing else builds in it now. */
  readonly cache: string;
  readonly target: string;
  readonly version: string;
  readonly say: (line: string) => void;
  readonly environment: NodeJS.ProcessEnv;
}

/** Resolves to undefined once `target` is there, else to the reason why not. */
export async function buildTemporalCli({
  cache,
  target,
  version,
  say,
  environment,
}: TemporalBuild): Promise<string | undefined> {
  // Left by a build that was killed.
  const left = readdirSync(cache).filter((name) => name.startsWith('build-'));
  for (const name of left) rmSync(join(cache, name), { recursive: true, force: true });
  const folder = mkdtempSync(join(cache, 'build-'));
  const started = Date.now();
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  say(`building the Temporal server ${version} with Go (takes 3 to 8 minutes, once)`);
  const clock = setInterval(
    () => say(`building the Temporal server, ${seconds()} s (takes 3 to 8 minutes, once)`),
    10_000,
  );
  try {
    const words = ['install', '-ldflags', '-s -w', `github.com/temporalio/cli/cmd/temporal@v${version}`];
    const trouble = await run('go', words, { ...environment, GOBIN: folder, CGO_ENABLED: '0' });
    if (trouble !== undefined) return trouble;
    renameSync(join(folder, 'temporal'), target);
    say(`the Temporal server is built (${seconds()} s) and kept in ${cache}`);
    return undefined;
  } finally {
    clearInterval(clock);
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, words: readonly string[], environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, [...words], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    child.once('error', (error) => {
      resolve('code' in error && error.code === 'ENOENT' ? 'there is no Go on the PATH' : error.message);
    });
    child.once('close', (code, signal) => {
      const last = said.trim().split('\n').slice(-3).join(' / ');
      resolve(code === 0 ? undefined : `go install failed (${signal ?? code}): ${last}`);
    });
  });
}
