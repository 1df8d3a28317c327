/** Closes the home folder to other users of the machine: it holds data, paid answers and keys. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BaldistillError } from '../../domain/failures.ts';

/** How many folders and files lost permissions of other users. */
export type Closed = Readonly<Counts>;
interface Counts {
  folders: number;
  files: number;
}

/** What baldistill itself keeps in a home. Anything else there belongs to a person and keeps its mode. */
const kept =
  /^(artifacts|bundles|comparisons|embedded|logs|runs|student|training|ui-address|workers|salt)$|^(ledger|owner|permissions|services|temporal)\./;

const forOthers = 0o077;

/** Creates the home for its owner only. Default ACLs of the folder above would make a umask ineffective. */
export function makeHome(home: string): void {
  closeHome(home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chmodSync(home, 0o700);
}

/**
 * Takes every permission of other users off a home that exists, and creates none. The home itself comes first, so that
 * no one can interfere, and each of its entries after what it contains: an open entry shows that the work was
 * interrupted. Throws `InvalidInput` where other users could replace the home.
 */
export function closeHome(home: string): Closed {
  const exposure = exposureOf(home);
  if (exposure !== undefined) throw new BaldistillError('InvalidInput', `${exposure.problem}.\n${exposure.remedy}`);
  const closed = { folders: 0, files: 0 };
  if (!existsSync(home)) return closed;
  const folder = realpathSync(home);
  closeOne(folder, closed);
  for (const name of readdirSync(folder)) {
    const entry = join(folder, name);
    if (kept.test(name) && isOpen(entry)) closeTree(entry, closed);
  }
  return closed;
}

/** Why other users could put another folder in place of this home; undefined where they cannot. */
export function exposureOf(home: string): { readonly problem: string; readonly remedy: string } | undefined {
  const user = process.getuid?.();
  // Users and modes are those of POSIX.
  if (user === undefined) return undefined;
  const remedy = 'Set BALDISTILL_HOME to a folder of your own';
  if (existsSync(home) && [lstatSync(home), statSync(home)].some(({ uid }) => uid !== user))
    return { problem: `The home folder ${home} belongs to another user`, remedy: `${remedy}.` };
  // In a container without a mapping for root, the owner of the root folder appears under another id.
  const trusted = new Set([user, 0, statSync('/').uid]);
  for (const folder of foldersAbove(home)) {
    const { uid, mode } = statSync(folder);
    if (!trusted.has(uid))
      return {
        problem: `The home folder ${home} is not safe: ${folder} belongs to another user, who could replace it`,
        remedy: `${remedy}.`,
      };
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0)
      return {
        problem: `The home folder ${home} is not safe: any user of this machine may write to ${folder} and could replace it`,
        remedy: `${remedy}, or run \`chmod o-w ${folder}\`.`,
      };
  }
  return undefined;
}

/** From the nearest that exists up to the root, by their real paths. */
function foldersAbove(path: string): readonly string[] {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  const found = [existsSync(path) ? dirname(realpathSync(path)) : realpathSync(folder)];
  for (let last = found[0] ?? '/'; dirname(last) !== last; last = dirname(last)) found.push(dirname(last));
  return found;
}

function isOpen(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status !== undefined && !status.isSymbolicLink() && (status.mode & forOthers) !== 0;
}

function closeTree(path: string, closed: Counts): void {
  const status = lstatSync(path, { throwIfNoEntry: false });
  // What a container wrote as another user cannot be changed; the folder above protects it.
  if (status === undefined || status.isSymbolicLink() || status.uid !== process.getuid?.()) return;
  if (status.isDirectory())
    whereThere(() => {
      for (const name of readdirSync(path)) closeTree(join(path, name), closed);
    });
  closeOne(path, closed);
}

function closeOne(path: string, closed: Counts): void {
  if (!isOpen(path)) return;
  whereThere(() => {
    const status = statSync(path);
    chmodSync(path, status.mode & 0o7700);
    closed[status.isDirectory() ? 'folders' : 'files'] += 1;
  });
}

/** A service that runs may remove a file at any moment. */
function whereThere(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
