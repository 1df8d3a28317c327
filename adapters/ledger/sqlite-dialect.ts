/**
 * The one file that knows SQLite: Kysely over `node:sqlite`, the pragmas that make a commit durable, transactions that
 * take the write lock at once, and what SQLite's errors mean. A Postgres ledger replaces this file.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { CompiledQuery, Kysely, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { Dialect, SqliteDatabase, SqliteDialectConfig, SqliteStatement } from 'kysely';
import { BaldistillError } from '../../domain/failures.ts';
import type { Schema } from './schema/schema.ts';

/** How long a writer waits for other processes before the ledger counts as locked. */
const busyTimeoutMs = 5000;

export interface SqliteLedger {
  readonly database: Kysely<Schema>;
  /** Takes the write lock at once: a deferred transaction fails when another process writes between its read and its write. */
  begin(connection: Kysely<Schema>): Promise<void>;
  /** False when SQLite ended the transaction by itself (full disk): nothing of it was kept. */
  inTransaction(): boolean;
}

/** Opens or creates the file; the folder is made when missing. */
export function openSqlite(path: string): SqliteLedger {
  makeFolder(dirname(path));
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs });
  retryBusy(() => connection.exec('pragma journal_mode = wal'));
  connection.exec('pragma synchronous = full; pragma foreign_keys = off');
  requireSound(connection, path);
  const database = new Kysely<Schema>({ dialect: dialectOver({ database: cachingStatements(connection) }) });
  // From here on the only thing to wait for is the write lock, see `beginImmediate`.
  connection.exec('pragma busy_timeout = 0');
  return { database, begin: beginImmediate, inTransaction: () => connection.isTransaction };
}

const beginQuery = CompiledQuery.raw('begin immediate');
const pauseCell = new Int32Array(new SharedArrayBuffer(4));
/** Milliseconds between two tries: about one commit of another process. */
const pauseMs = 0.5;

/**
 * Takes the write lock. SQLite's own waiting sleeps up to 100 ms a try, so a process that commits all the time starves
 * the others; short tries share the lock. This thread has nothing else to do meanwhile.
 */
async function beginImmediate(connection: Kysely<Schema>): Promise<void> {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      await connection.executeQuery(beginQuery);
      return;
    } catch (error) {
      pauseIfBusy(error, deadline);
    }
  }
}

/** Every page of the file is looked at before anything is charged to it (https://www.sqlite.org/pragma.html#pragma_quick_check). */
function requireSound(connection: DatabaseSync, path: string): void {
  const found = Object.values(connection.prepare('pragma quick_check(1)').get() ?? {})[0];
  if (found === 'ok') return;
  connection.close();
  throw new BaldistillError(
    'LedgerUnavailable',
    `The ledger ${path} is damaged (${String(found).replaceAll(/\s+/g, ' ')}). ${wayOut}.`,
  );
}

/** Turning the log on is refused at once, whatever the timeout, while another process opens the same new file. */
function retryBusy(attempt: () => void): void {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      attempt();
      return;
    } catch (error) {
      pauseIfBusy(error, deadline);
    }
  }
}

function pauseIfBusy(error: unknown, deadline: number): void {
  if (primaryCode(error) !== sqliteBusy || performance.now() > deadline) throw error;
  Atomics.wait(pauseCell, 0, 0, pauseMs);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new BaldistillError('StorageFull', `The folder of the ledger, ${folder}, cannot be made.`, { cause: error });
  }
}

/** Every statement is prepared once: the ledger has a few dozen. */
function cachingStatements(connection: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => connection.close(),
    prepare(sql) {
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = adaptStatement(connection.prepare(sql));
        statements.set(sql, statement);
      }
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(inputValue)),
    run: (parameters) => statement.run(...parameters.map(inputValue)),
    iterate: (parameters) => statement.iterate(...parameters.map(inputValue)),
  };
}

function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return value;
  }
  throw new TypeError(`ledger: a ${typeof value} cannot be stored`);
}

function dialectOver(config: SqliteDialectConfig): Dialect {
  return {
    createDriver: () => new SqliteDriver(config),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (database) => new SqliteIntrospector(database),
  };
}

/** Primary result codes, https://www.sqlite.org/rescode.html; an IOERR_WRITE (778) is a quota or file size limit. */
const sqliteBusy = 5;
const sqliteFull = 13;
const sqliteReadOnly = 8;
const storageErrors = new Set([778, 1546, 4874]);
/** What to do about a file that SQLite cannot trust any more; docs/operations.md tells the whole of it. */
const wayOut =
  'End everything with `baldistill down`, move the file away, put a copy of it in its place, and resume the run; ' +
  'where the copy is older, `baldistill ledger adopt RUN --charged N`';

const unavailable: Readonly<Record<number, string>> = {
  3: 'may not be read',
  5: 'is locked by another process',
  6: 'is locked by another process',
  10: 'cannot be read or written',
  11: `is damaged. ${wayOut}`,
  14: 'cannot be opened',
  26: 'is not a ledger',
};

function extendedCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code : undefined;
}

function primaryCode(error: unknown): number | undefined {
  const code = extendedCode(error);
  return code === undefined ? undefined : code & 0xff;
}

/** What a SQLite error means for people; anything else is a bug and returned as it is. */
export function ledgerError(error: unknown, path: string): unknown {
  const code = extendedCode(error);
  if (code === undefined) return error;
  const primary = code & 0xff;
  if (primary === sqliteFull || primary === sqliteReadOnly || storageErrors.has(code)) {
    const why = primary === sqliteReadOnly ? 'it is read-only' : 'the disk is full';
    return new BaldistillError('StorageFull', `The ledger ${path} cannot be written: ${why}.`, { cause: error });
  }
  const state = unavailable[primary];
  if (state === undefined) return error;
  return new BaldistillError('LedgerUnavailable', `The ledger ${path} ${state}.`, { cause: error });
}
