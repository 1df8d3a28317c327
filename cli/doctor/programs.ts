/** The programs that have to be there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { repository } from '../../workers/services/home.ts';
import { findPython } from '../../workers/services/student/python.ts';
import { fine, note, trouble } from './prerequisite.ts';
import type { Prerequisite } from './prerequisite.ts';

const Manifest = z.object({ engines: z.object({ node: z.string().regex(/^>=\d+\.\d+$/) }) });

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
    const python = await findPython();
    if (python !== undefined) return fine(`${python.version} (${python.command})`);
    return note('none that is 3.11 or newer (BALDISTILL_PYTHON names another); only the student server needs it');
  },
};

function isAtLeast(version: string, [major = 0, minor = 0]: readonly number[]): boolean {
  const [has = 0, hasMinor = 0] = version.split('.').map(Number);
  return has > major || (has === major && hasMinor >= minor);
}
