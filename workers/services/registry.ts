/** Which background processes were started for a home: pid, start time, build and ports, in `services.sqlite`. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

export const serviceNames = ['temporal', 'embedded', 'worker'] as const;
export type ServiceName = (typeof serviceNames)[number];

const ServiceRecord = z.object({
  name: z.enum(serviceNames),
  pid: z.int(),
  startTime: z.string(),
  /** Hash of everything that must be the same for the process to be kept. */
  identity: z.string(),
  /** 0 for a process that listens nowhere. */
  port: z.int(),
  uiPort: z.int(),
  /** 1 once it said that it is ready. */
  ready: z.int(),
  /** Fingerprints of the environment variables with keys that it was started with, as JSON: secrets.ts. */
  secrets: z.string(),
});
export type ServiceRecord = z.infer<typeof ServiceRecord>;

const columns = 'name, pid, start_time AS startTime, identity, port, ui_port AS uiPort, ready, secrets';

export interface Registry {
  find(name: ServiceName): ServiceRecord | undefined;
  all(): readonly ServiceRecord[];
  put(record: ServiceRecord): void;
  remove(name: ServiceName): void;
}

export function registryPath(home: string): string {
  return join(home, 'services.sqlite');
}

/** Opens the registry, making it where it does not exist, for as long as `work` takes. */
export function withRegistry<T>(home: string, work: (registry: Registry) => T): T {
  mkdirSync(home, { recursive: true });
  const database = new DatabaseSync(registryPath(home), { timeout: 10_000 });
  try {
    database.exec(`CREATE TABLE IF NOT EXISTS processes (
      name TEXT PRIMARY KEY, pid INTEGER NOT NULL, start_time TEXT NOT NULL, identity TEXT NOT NULL,
      port INTEGER NOT NULL, ui_port INTEGER NOT NULL, ready INTEGER NOT NULL, secrets TEXT NOT NULL) STRICT`);
    return work(registryOf(database));
  } finally {
    database.close();
  }
}

/** One record, or undefined; creates nothing. For processes that only read. */
export function readRecord(home: string, name: ServiceName): ServiceRecord | undefined {
  return existsSync(registryPath(home)) ? withRegistry(home, (registry) => registry.find(name)) : undefined;
}

function registryOf(database: DatabaseSync): Registry {
  return {
    find(name) {
      const row = database.prepare(`SELECT ${columns} FROM processes WHERE name = ?`).get(name);
      return row === undefined ? undefined : ServiceRecord.parse(row);
    },
    all: () => ServiceRecord.array().parse(database.prepare(`SELECT ${columns} FROM processes`).all()),
    put({ name, pid, startTime, identity, port, uiPort, ready, secrets }) {
      database
        .prepare('INSERT OR REPLACE INTO processes VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(name, pid, startTime, identity, port, uiPort, ready, secrets);
    },
    remove(name) {
      database.prepare('DELETE FROM processes WHERE name = ?').run(name);
    },
  };
}
