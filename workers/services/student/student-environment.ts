/** The Python environment of the student server: made once, outside the work tree, named by what is in it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from '../../../adapters/processes/exclusive.ts';
import { cacheFolder, repository } from '../home.ts';
import { findPython } from './python.ts';
import type { Python } from './python.ts';
import { installPackages } from './student-packages.ts';
import { StudentSetUpError } from './student-set-up-error.ts';

export const studentServer = join(repository, 'student-server');

/** PyTorch for Linux brings its CUDA libraries, 4.8 GB, and downloads need the same space for a while. */
const neededBytes = 8e9;

/** Path of its Python. May download for minutes, saying so. Throws `StudentSetUpError`. */
export async function studentPython(
  say: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const python = await findPython(environment);
  if (python === undefined) {
    throw new StudentSetUpError(
      'The student server needs Python 3.11 or newer, and there is none on the PATH.',
      'Install one, or name it: BALDISTILL_PYTHON=/path/to/python3.',
    );
  }
  const { parent, folder, files, made } = placeFor(python, environment);
  if (existsSync(made.complete)) return made.python;

  mkdirSync(parent, { recursive: true });
  const waiting = () => say('another process is making the Python environment; waiting for it');
  return await exclusively(join(parent, 'lock.sqlite'), waiting, async () => {
    if (existsSync(made.complete)) return made.python;
    requireRoom(parent);
    // Left by a set-up that was killed.
    rmSync(folder, { recursive: true, force: true });
    const started = Date.now();
    say(`making the Python environment in ${folder} (once; 1 to 4 minutes, up to 5 GB)`);
    await installPackages({ python: python.command, folder, files, say, environment });
    writeFileSync(made.complete, '');
    say(`the Python environment is ready (${Math.round((Date.now() - started) / 1000)} s)`);
    return made.python;
  });
}

/** As `studentPython` where it is made already; else undefined, and nothing is made. */
export async function madeStudentPython(environment: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const python = await findPython(environment);
  if (python === undefined) return undefined;
  const { made } = placeFor(python, environment);
  return existsSync(made.complete) ? made.python : undefined;
}

/** Where the environment for this Python and these requirements is, or is to be. */
function placeFor(python: Python, environment: NodeJS.ProcessEnv) {
  const files = ['requirements.lock.txt', 'requirements-torch.txt'].map((name) => join(studentServer, name));
  const content = createHash('sha256').update(python.version);
  // uv's own switch for the build of PyTorch; another build is another environment.
  content.update(environment['UV_TORCH_BACKEND'] ?? '');
  for (const file of files) content.update(readFileSync(file));
  const parent = join(cacheFolder(environment), 'student-server');
  const folder = join(parent, content.digest('hex').slice(0, 16));
  const made = { python: join(folder, 'bin', 'python'), complete: join(folder, 'complete') };
  return { parent, folder, files, made };
}

function requireRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= neededBytes) return;
  const free = ((bavail * bsize) / 1e9).toFixed(1);
  throw new StudentSetUpError(
    `The student server's Python environment needs 8 GB in ${folder}, and ${free} are free.`,
    'Free some, or set XDG_CACHE_HOME to a folder on another disk.',
  );
}
