/** A lock for set-up: a folder that only one process can make, with its owner inside. Freed when the owner is dead. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Process id and start time, so that a new process with an old id is not taken for the owner. */
function identity(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return `${pid} -`;
  }
}

function alive(owner) {
  const pid = Number(owner.split(' ')[0]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  return identity(pid) === owner;
}

/** The owner's line, `undefined` while the lock is free, `''` while the owner has not written its line yet. */
function ownerOf(folder) {
  try {
    return readFileSync(join(folder, 'owner'), 'utf8');
  } catch {
    const made = statSync(folder, { throwIfNoEntry: false });
    if (made === undefined) return undefined;
    return Date.now() - made.mtimeMs > 5000 ? '0 unsigned' : '';
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'owner'), identity(process.pid));
  return true;
}

/** Renaming is atomic: of several that find a dead owner, one removes the lock; a living one's is put back. */
function clearDead(folder, owner) {
  const aside = `${folder}-${randomUUID()}`;
  try {
    renameSync(folder, aside);
    const found = ownerOf(aside);
    if (found === owner || found === undefined) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/** Runs `work` while no other process of this user does the same for this clone. */
export async function withInstallLock(root, say, work) {
  const name = createHash('sha256')
    .update(`${process.getuid?.() ?? 0}:${root}`)
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), `baldistill-install-${name}`);
  let announced = false;
  while (!take(folder)) {
    const owner = ownerOf(folder);
    if (owner && !(owner !== '0 unsigned' && alive(owner))) {
      clearDead(folder, owner);
      continue;
    }
    if (owner && !announced) say(`process ${owner.split(' ')[0]} is installing packages here; waiting for it`);
    announced ||= Boolean(owner);
    await wait(100);
  }
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
