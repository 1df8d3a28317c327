/**
 * The one file for SQLite: Kysely over `node:sqlite`, the pragmas that make a commit durable, transactions that take the
 * write lock at once, and the meaning of SQLite's errors. A Postgres ledger replaces this file.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { Kysely, SqliteAdapter, SqliteDriver, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { CompiledQuery, SqliteDatabase, SqliteStatement } from 'kysely';
import { BaldistillError } from '../../domain/failures.ts';
import type { ThrownData } from './protocol.ts';
import type { Schema } from './schema/schema.ts';
import type { Connection } from './transaction.ts';

/** How long a writer waits for other processes before the ledger counts as locked. */
const busyTimeoutMs = 5000;

export interface SqliteLedger {
  readonly path: string;
  readonly database: Kysely<Schema>;
  /** Takes the write lock, works, and commits: durable when it resolves, without any effect when it rejects. */
  transact<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** Opens or creates the file; creates its folder where it is missing. */
export function openSqlite(path: string): SqliteLedger {
  makeFolder(dirname(path));
  const file = new DatabaseSync(path, { timeout: busyTimeoutMs });
  // SQLite refuses to turn the log on, whatever the timeout, while another process opens the same new file.
  retryBusy(() => file.exec('pragma journal_mode = wal'));
  file.exec('pragma synchronous = full; pragma foreign_keys = off');
  requireSound(file, path);
  // From here on the only wait is for the write lock, and `transact` does it.
  file.exec('pragma busy_timeout = 0');
  const statements = cachingStatements(file);
  const database = new Kysely<Schema>({
    dialect: {
      createDriver: () => new SqliteDriver({ database: statements }),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    },
  });
  const connection: Connection = {
    database,
    rows(query, parameters) {
      const statement = statements.prepare(query.sql);
      if (statement.reader) return rowsOf(query, statement.all(parameters));
      statement.run(parameters);
      return [];
    },
    inTransaction: () => file.isTransaction,
  };
  return {
    path,
    database,
    async transact(work) {
      // SQLite's own wait sleeps up to 100 ms a try, so a process that commits all the time starves the others; short tries
      // share the lock. A deferred transaction would fail when another process writes between its read and its write.
      retryBusy(() => file.exec('begin immediate'));
      try {
        const result = await work(connection);
        file.exec('commit');
        return result;
      } catch (error) {
        // A full disk ends the transaction by itself; then there is nothing to roll back.
        if (file.isTransaction) file.exec('rollback');
        throw error;
      }
    },
  };
}

const pauseCell = new Int32Array(new SharedArrayBuffer(4));
/** Milliseconds between two tries: about one commit of another process. */
const pauseMs = 0.5;

/** Checks every page of the file before anything is charged to it (https://www.sqlite.org/pragma.html#pragma_quick_check). */
function requireSound(connection: DatabaseSync, path: string): void {
  const found = Object.values(connection.prepare('pragma quick_check(1)').get() ?? {})[0];
  if (found === 'ok') return;
  connection.close();
  throw new BaldistillError(
    'LedgerUnavailable',
    `The ledger ${path} is damaged (${String(found).replaceAll(/\s+/g, ' ')}). ${wayOut}.`,
  );
}

/** This thread has no other work, so it sleeps between two tries. */
function retryBusy(attempt: () => void): void {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      attempt();
      return;
    } catch (error) {
      if (primaryCode(error) !== sqliteBusy || performance.now() > deadline) throw error;
      Atomics.wait(pauseCell, 0, 0, pauseMs);
    }
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new BaldistillError('StorageFull', `The folder of the ledger, ${folder}, cannot be created.`, {
      cause: error,
    });
  }
}

/** Prepares every statement once: the ledger has about a hundred. */
function cachingStatements(file: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => file.close(),
    prepare(sql) {
      const known = statements.get(sql) ?? adaptStatement(file.prepare(sql));
      statements.set(sql, known);
      return known;
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

/** Rows have the type of their query: Kysely derives it from the schema. */
function rowsOf<R>(query: CompiledQuery<R>, rows: readonly unknown[]): readonly R[];
function rowsOf(_: CompiledQuery, rows: readonly unknown[]): readonly unknown[] {
  return rows;
}

function inputValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return value;
  }
  throw new TypeError(`ledger: a ${typeof value} cannot be stored`);
}

/** Primary result codes, https://www.sqlite.org/rescode.html; an IOERR_WRITE (778) is a quota or file size limit. */
const sqliteBusy = 5;
const sqliteFull = 13;
const sqliteReadOnly = 8;
const storageErrors = new Set([778, 1546, 4874]);
/** What to do about a damaged file; docs/operations.md has the details. */
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

/** The error as data, with the failure it means; `type` is null for a bug. */
export function thrownData(thrown: unknown, path: string): ThrownData {
  const error = ledgerError(thrown, path);
  if (error instanceof BaldistillError) return { type: error.type, message: error.message };
  return { type: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function ledgerError(error: unknown, path: string): unknown {
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
