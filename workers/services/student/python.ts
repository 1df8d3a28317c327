/** A Python that can run the student server. It is optional: nothing else here needs one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The student server's `requires-python`. */
const oldest = [3, 11] as const;
const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];

export interface Python {
  readonly command: string;
  /** As `3.11`: an environment belongs to one of these. */
  readonly version: string;
}

/** `BALDISTILL_PYTHON`, else the first on the PATH that is new enough; undefined where there is none. */
export async function findPython(environment: NodeJS.ProcessEnv = process.env): Promise<Python | undefined> {
  const chosen = environment['BALDISTILL_PYTHON'];
  for (const command of chosen ? [chosen] : names) {
    const version = await versionOf(command, environment);
    if (version !== undefined) return { command, version };
  }
  return undefined;
}

async function versionOf(command: string, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const words = ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'];
    const { stdout } = await promisify(execFile)(command, words, { env: environment });
    const [major = 0, minor = 0] = stdout.trim().split('.').map(Number);
    return major === oldest[0] && minor >= oldest[1] ? `${major}.${minor}` : undefined;
  } catch {
    // Missing, or a stub that does not start: both count as missing.
    return undefined;
  }
}
