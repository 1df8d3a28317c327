/** The programs that have to be there. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { repository } from '../../workers/services/home.ts';
import { fine, note, trouble } from './prerequisite.ts';
import type { Prerequisite } from './prerequisite.ts';

const Manifest = z.object({ engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }) });
/** Of the student server. */
const oldestPython = [3, 11] as const;

export const nodePrerequisite: Prerequisite = {
  title: 'Node.js',
  task() {
    const manifest = Manifest.parse(JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')));
    const oldest = manifest.engines.node.slice(2);
    const has = process.versions.node;
    if (isAtLeast(has, oldest.split('.').map(Number))) return fine(`${has} (${process.execPath})`);
    return trouble(`${has}, and ${oldest} is needed`, 'Start with bin/baldistill, which brings its own.');
  },
};

export const pythonPrerequisite: Prerequisite = {
  title: 'Python',
  async task() {
    const wanted = oldestPython.join('.');
    const what = `only the student server needs it, ${wanted} or newer`;
    try {
      // ensurepip is what distributions leave out.
      const program = 'import sys, venv, ensurepip; print(sys.version.split()[0])';
      const { stdout } = await promisify(execFile)('python3', ['-c', program], { timeout: 10_000 });
      const has = stdout.trim();
      return isAtLeast(has, oldestPython) ? fine(has) : note(`${has}; ${what}`);
    } catch {
      // Whatever keeps it from saying its version keeps it from running a server.
      return note(`there is no python3 with venv on the PATH; ${what}`);
    }
  },
};

function isAtLeast(version: string, [major = 0, minor = 0]: readonly number[]): boolean {
  const [has = 0, hasMinor = 0] = version.split('.').map(Number);
  return has > major || (has === major && hasMinor >= minor);
}
