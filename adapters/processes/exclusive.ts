/** A lock between processes that needs no clean-up: an open SQLite transaction, freed by the OS when its holder dies. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Runs `work` while no other process holds the lock at `path`; `onWait` is called once if another process does. Throws the
 * signal's reason when it comes before the lock.
 */
export async function exclusively<T>(
  path: string,
  onWait: () => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    for (let announced = false; !begin(lock); announced = true) {
      signal?.throwIfAborted();
      if (!announced) onWait();
      await wait(100);
    }
    return await work();
  } finally {
    lock.close();
  }
}

function begin(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && /locked|busy/i.test(error.message)) return false;
    throw error;
  }
}
