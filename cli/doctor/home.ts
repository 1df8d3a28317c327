/** The home folder: ours to write, on a local disk, with room. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { exposureOf } from '../../workers/services/closed-home.ts';
import { fine, note, trouble } from './prerequisite.ts';
import type { Prerequisite } from './prerequisite.ts';

const gigabyte = 1e9;
const least = 0.5 * gigabyte;
const comfortable = 5 * gigabyte;
/** File systems of statfs(2) that lie elsewhere: a database in them loses its locks, or its log. */
const remote = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
]);

export const homePrerequisite: Prerequisite = {
  title: 'home folder',
  task({ home }) {
    const there = existing(home);
    const exposure = exposureOf(home);
    if (exposure !== undefined) return trouble(exposure.problem, exposure.remedy);
    if (!statSync(there).isDirectory()) return trouble(`${there} is no folder`, 'Set BALDISTILL_HOME to one.');
    try {
      accessSync(there, constants.W_OK | constants.X_OK);
    } catch {
      // The reason is always the same: it is not ours.
      return trouble(`${there} cannot be written`, 'Make it writable, or set BALDISTILL_HOME to another folder.');
    }
    if (there === home && (statSync(home).mode & 0o077) !== 0)
      return note(`other users of this machine may enter ${home}`, 'The next command that uses it closes it.');
    return fine(there === home ? home : `${home}, made by the first run`);
  },
};

export const diskPrerequisite: Prerequisite = {
  title: 'disk',
  task({ home }) {
    const { type, bavail, bsize } = statfsSync(existing(home));
    const elsewhere = remote.get(type);
    const free = `${(bavail * bsize) / gigabyte > 100 ? Math.round((bavail * bsize) / gigabyte) : ((bavail * bsize) / gigabyte).toFixed(1)} GB free`;
    if (elsewhere !== undefined)
      return trouble(
        `the home folder is on ${elsewhere}`,
        'The ledger needs a local disk: set BALDISTILL_HOME to one.',
      );
    if (bavail * bsize < least) return trouble(free, 'Make room: a run blocks when the disk is full.');
    return bavail * bsize < comfortable ? note(`${free}; a large pool may need more`) : fine(free);
  },
};

/** The folder itself, or the nearest above it that is there. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}
