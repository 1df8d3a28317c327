/** Installs the student server's packages: with uv where PyPI has it, which takes a quarter of pip's time, else with pip. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StudentSetUpError } from './student-set-up-error.ts';

/** The uv that the pins were made with. */
const uv = 'uv==0.13.9';

export interface Packages {
  readonly python: string;
  /** Where the environment is made. */
  readonly folder: string;
  /** Hashed pins first, then what brings its own dependencies. */
  readonly files: readonly string[];
  readonly say: (line: string) => void;
  readonly environment: NodeJS.ProcessEnv;
}

export async function installPackages(packages: Packages): Promise<void> {
  const { python, folder, files, say } = packages;
  const inside = join(folder, 'bin', 'python');
  await demand(packages, 'venv', python, ['-m', 'venv', folder]);
  const without = await run(packages, 'uv', inside, ['-m', 'pip', 'install', '--quiet', uv]);
  // pip knows no such switch.
  const build = packages.environment['UV_TORCH_BACKEND']
    ? ', and installs the build of PyTorch that its index has'
    : '';
  if (without !== undefined) say(`no uv (${without}); pip takes about three minutes${build}`);
  const [pinned = '', torch = ''] = files;
  // The pins are complete: nothing may slip in beside them. PyTorch has no hash, so that its CPU build is one too.
  for (const words of [
    ['--no-deps', '--require-hashes', '-r', pinned],
    ['-r', torch],
  ]) {
    if (without === undefined)
      await demand(packages, 'uv', join(folder, 'bin', 'uv'), ['pip', 'install', '--python', inside, ...words]);
    else await demand(packages, 'pip', inside, ['-m', 'pip', 'install', ...words]);
  }
}

async function demand(packages: Packages, what: string, command: string, words: readonly string[]): Promise<void> {
  const trouble = await run(packages, what, command, words);
  if (trouble === undefined) return;
  throw new StudentSetUpError(
    `The student server's Python environment could not be made: ${what} failed (${trouble}).`,
    'Fix that and start again, use another Python (BALDISTILL_PYTHON=/path/to/python3.12), or run student-server/ in an environment of your own (its README says how).',
  );
}

/** Resolves to undefined, or to the end of what was said. */
function run(
  { say, environment }: Packages,
  what: string,
  command: string,
  words: readonly string[],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(command, [...words], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const clock = setInterval(
      () => say(`${what} is installing, ${Math.round((Date.now() - started) / 1000)} s`),
      10_000,
    );
    let said = '';
    const keep = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      clearInterval(clock);
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      clearInterval(clock);
      resolve(code === 0 ? undefined : `${signal ?? code}: ${said.trim().split('\n').slice(-3).join(' / ')}`);
    });
  });
}
