/** Batches in the database: what was asked, how far they are, and when they got there. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { BatchOutcome } from '../batches/behavior.ts';
import { unixSeconds } from './database.ts';

const endedStatuses = ['completed', 'failed', 'expired', 'cancelled'] as const;
const BatchStatus = z.enum(['validating', 'in_progress', 'finalizing', 'cancelling', ...endedStatuses]);
export type BatchStatus = z.infer<typeof BatchStatus>;

const json = <T>(schema: z.ZodType<T>) => z.string().transform((text) => schema.parse(JSON.parse(text)));

const Counts = z.object({ total: z.int(), completed: z.int(), failed: z.int() });
export type Counts = z.infer<typeof Counts>;

const BatchRecord = z.object({
  seq: z.number(),
  id: z.string(),
  created: z.number(),
  input_file: z.string(),
  metadata: json(z.record(z.string(), z.string()).nullable()),
  outcome: json(BatchOutcome),
  status: BatchStatus,
  /** When each status was reached, in seconds since 1970. */
  times: json(z.partialRecord(BatchStatus, z.number())),
  counts: json(Counts),
  /** Input tokens, once validated. */
  tokens: z.number(),
  errors: json(z.array(z.unknown()).nullable()),
  output_file: z.string().nullable(),
  error_file: z.string().nullable(),
});
export type BatchRecord = z.infer<typeof BatchRecord>;

const ended = `('${endedStatuses.join("', '")}')`;

export class Batches {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(`create table if not exists batches (
      seq integer primary key, id text not null unique, created integer not null, input_file text not null,
      metadata text not null, outcome text not null, status text not null, times text not null, counts text not null,
      tokens integer not null, errors text not null, output_file text, error_file text
    )`);
  }

  create(batch: Pick<BatchRecord, 'id' | 'input_file' | 'metadata' | 'outcome'>): BatchRecord {
    const counts: Counts = { total: 0, completed: 0, failed: 0 };
    this.#database
      .prepare(
        `insert into batches (id, created, input_file, metadata, outcome, status, times, counts, tokens, errors)
         values (?, ?, ?, ?, ?, 'validating', '{}', ?, 0, 'null')`,
      )
      .run(
        batch.id,
        unixSeconds(),
        batch.input_file,
        ...[batch.metadata, batch.outcome, counts].map((value) => JSON.stringify(value)),
      );
    return this.get(batch.id);
  }

  /** Throws the API's 404 for an unknown id. */
  get(id: string): BatchRecord {
    const row = this.#database.prepare('select * from batches where id = ?').get(id);
    if (row) return BatchRecord.parse(row);
    throw new ApiError(404, `No batch found with id '${id}'.`, { code: 'batch_not_found', param: 'id' });
  }

  /** Newest first. */
  list(): BatchRecord[] {
    return z.array(BatchRecord).parse(this.#database.prepare('select * from batches order by seq desc').all());
  }

  /** Those that have not ended, oldest first. */
  open(): BatchRecord[] {
    const rows = this.#database.prepare(`select * from batches where status not in ${ended} order by seq`).all();
    return z.array(BatchRecord).parse(rows);
  }

  /** Moves an open batch on; one that ended stays as it ended. False where it had. */
  advance(id: string, status: BatchStatus): boolean {
    const times = { ...this.get(id).times, [status]: unixSeconds() };
    const moved = this.#database
      .prepare(`update batches set status = ?, times = ? where id = ? and status not in ${ended}`)
      .run(status, JSON.stringify(times), id);
    return moved.changes > 0;
  }

  count(id: string, counts: Counts): void {
    this.#database.prepare('update batches set counts = ? where id = ?').run(JSON.stringify(counts), id);
  }

  validated(id: string, tokens: number): void {
    this.#database.prepare('update batches set tokens = ? where id = ?').run(tokens, id);
  }

  fail(id: string, errors: readonly unknown[]): void {
    this.#database.prepare('update batches set errors = ? where id = ?').run(JSON.stringify(errors), id);
    this.advance(id, 'failed');
  }

  /** The files and the end become visible at once. */
  end(id: string, status: BatchStatus, files: { output: string | null; error: string | null }): void {
    this.#database.exec('begin');
    this.#database
      .prepare('update batches set output_file = ?, error_file = ? where id = ?')
      .run(files.output, files.error, id);
    this.advance(id, status);
    this.#database.exec('commit');
  }
}
