/** Files that are there whole or not at all: temporary name in the same folder, fsync, rename, fsync of the folder. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asStorageFailure } from './storage-failure.ts';

/**
 * Gives `write` a new file in `folder`; `write` returns the path, in the same file system, that the file gets once its
 * bytes are safe. After a failure no file remains. Throws `StorageFull` where the system refuses to write.
 */
export async function writeAtomically(folder: string, write: (file: FileHandle) => Promise<string>): Promise<void> {
  const temporary = `${folder}/.incoming-${process.pid}-${randomUUID()}`;
  try {
    await mkdir(folder, { recursive: true });
    const path = await writeTemporary(temporary, write);
    await makeFolder(dirname(path));
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // report the first error
    throw asStorageFailure(error, folder);
  }
}

async function writeTemporary(temporary: string, write: (file: FileHandle) => Promise<string>): Promise<string> {
  const file = await open(temporary, 'wx');
  try {
    const path = await write(file);
    await file.sync();
    return path;
  } finally {
    await file.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const created = await mkdir(folder, { recursive: true });
  if (created !== undefined) await syncFolder(dirname(created));
}

/** A rename is durable only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
