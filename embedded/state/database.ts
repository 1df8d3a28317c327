/**
 * The server's state in one SQLite file. It is held in exclusive locking mode for the life of the server: the lock of
 * the operating system keeps a second server out and is released when this one is killed.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const schema = `
  create table if not exists files (
    id text primary key, filename text not null, purpose text not null, bytes integer not null, created integer not null
  );
  create table if not exists jobs (
    seq integer primary key, id text not null unique, created integer not null, body text not null, file text not null,
    status text not null, model text not null, error text, trained_tokens integer, finished integer
  );
  create table if not exists events (
    seq integer primary key, job text not null, created integer not null, level text not null, type text not null,
    message text not null, data text
  );
  create index if not exists events_by_job on events (job, seq);
  create table if not exists models (id text primary key, created integer not null, steps integer not null, loss real);
`;

/** Throws an `Error` with a sentence when another server holds the folder. */
export function openDatabase(folder: string): DatabaseSync {
  mkdirSync(join(folder, 'files'), { recursive: true });
  mkdirSync(join(folder, 'models'), { recursive: true });
  const database = new DatabaseSync(join(folder, 'state.sqlite'));
  try {
    database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal;');
    database.exec(`begin exclusive; ${schema} commit;`);
  } catch (error) {
    database.close();
    if (error instanceof Error && error.message.includes('locked')) {
      throw new Error(`Another embedded server uses the state folder ${folder}; stop it or choose another folder.`, {
        cause: error,
      });
    }
    throw error;
  }
  return database;
}

/** Seconds since 1970, as the API counts time. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
