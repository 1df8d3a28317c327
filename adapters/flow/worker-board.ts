/**
 * Status files of a home's workers, one small file each, rewritten all the time: which share an endpoint,
 * how fast calls go now, where metrics are. It is no durable record: it may be lost at any moment.
 */
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkerSnapshot } from '../../contracts/flow/flow.ts';
import { isAlive } from '../processes/process-identity.ts';

/** A worker that has not written for so long is stopped or stuck: it takes no part of an endpoint. */
const silenceMs = 10_000;

export interface WorkerBoard {
  write(snapshot: WorkerSnapshot): void;
  remove(): void;
}

export function boardFolder(home: string): string {
  return join(home, 'workers');
}

/** `worker`: its name, unique in this home. */
export function openBoard(home: string, worker: string): WorkerBoard {
  const folder = boardFolder(home);
  const file = join(folder, `${worker}.json`);
  return {
    write(snapshot) {
      const temporary = join(folder, `.${worker}`);
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(temporary, JSON.stringify(snapshot));
        renameSync(temporary, file);
      } catch {
        // A full disk: the run is blocked by what needs the disk; without these numbers people see less, and that is all.
      }
    },
    remove: () => rmSync(file, { force: true }),
  };
}

/** The living workers of a home. Removes files of dead ones. */
export function readBoard(home: string): readonly WorkerSnapshot[] {
  const folder = boardFolder(home);
  return namesIn(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const snapshot = snapshotIn(join(folder, name));
      if (snapshot === undefined) return [];
      if (isAlive(snapshot)) return [snapshot];
      rmSync(join(folder, name), { force: true });
      return [];
    });
}

/** Whether what it says is of now. */
export function isFresh({ at }: WorkerSnapshot, now: number): boolean {
  return now - at < silenceMs;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No worker has ever run here.
    return [];
  }
}

function snapshotIn(path: string): WorkerSnapshot | undefined {
  try {
    return WorkerSnapshot.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    // It went away between listing and reading, or is of another version.
    return undefined;
  }
}
