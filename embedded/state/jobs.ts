/** Fine-tuning jobs, their events and the models that came of them, in the database. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { unixSeconds } from './database.ts';

const JobStatus = z.enum(['validating_files', 'queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type JobStatus = z.infer<typeof JobStatus>;

const JobRecord = z.object({
  seq: z.number(),
  id: z.string(),
  created: z.number(),
  /** The request as received: canonical JSON of the parsed body. */
  body: z.string(),
  file: z.string(),
  status: JobStatus,
  /** The name the trained model gets. */
  model: z.string(),
  error: z.string().nullable(),
  trained_tokens: z.number().nullable(),
  finished: z.number().nullable(),
});
export type JobRecord = z.infer<typeof JobRecord>;

const EventRecord = z.object({
  seq: z.number(),
  created: z.number(),
  level: z.string(),
  type: z.string(),
  message: z.string(),
  data: z.string().nullable(),
});
export type EventRecord = z.infer<typeof EventRecord>;

const ModelRecord = z.object({ id: z.string(), created: z.number(), steps: z.number(), loss: z.number().nullable() });
export type ModelRecord = z.infer<typeof ModelRecord>;

/** One point of the training curve: rows or batches seen, mean negative log-likelihood of the target. */
export interface TrainingPoint {
  readonly step: number;
  readonly loss: number;
}

const open = "('validating_files', 'queued', 'running')";

export class Jobs {
  readonly #database: DatabaseSync;
  readonly #isOpen: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#isOpen = database.prepare(`select 1 from jobs where id = ? and status in ${open}`);
  }

  create(job: Pick<JobRecord, 'id' | 'body' | 'file' | 'model'>): JobRecord {
    this.#database
      .prepare("insert into jobs (id, created, body, file, status, model) values (?, ?, ?, ?, 'validating_files', ?)")
      .run(job.id, unixSeconds(), job.body, job.file, job.model);
    this.addEvent(job.id, `Created fine-tuning job: ${job.id}`);
    return this.get(job.id);
  }

  find(id: string): JobRecord | undefined {
    const row = this.#database.prepare('select * from jobs where id = ?').get(id);
    return row && JobRecord.parse(row);
  }

  get(id: string): JobRecord {
    const job = this.find(id);
    if (job) return job;
    throw new ApiError(404, `Could not find fine tune: ${id}`, { code: 'fine_tune_not_found', param: 'id' });
  }

  /** Newest first. */
  list(): JobRecord[] {
    return z.array(JobRecord).parse(this.#database.prepare('select * from jobs order by seq desc').all());
  }

  /** Jobs that a previous server left open, oldest first. Their curves start again with them. */
  reopen(): JobRecord[] {
    this.#database.exec(
      `delete from events where type = 'metrics' and job in (select id from jobs where status in ${open})`,
    );
    return z
      .array(JobRecord)
      .parse(this.#database.prepare(`select * from jobs where status in ${open} order by seq`).all());
  }

  isOpen(id: string): boolean {
    return this.#isOpen.get(id) !== undefined;
  }

  /** Moves an open job on; a job that ended stays as it ended. */
  advance(id: string, status: JobStatus, message: string): void {
    const finished = status === 'queued' || status === 'running' ? null : unixSeconds();
    const done = this.#database
      .prepare(`update jobs set status = ?, finished = ? where id = ? and status in ${open}`)
      .run(status, finished, id);
    if (done.changes > 0) this.addEvent(id, message);
  }

  fail(id: string, error: { code: string; message: string; param: string | null }): void {
    this.#database.prepare(`update jobs set error = ? where id = ?`).run(JSON.stringify(error), id);
    this.advance(id, 'failed', error.message);
  }

  /** The model's name and the job's success become visible at once. */
  succeed(job: JobRecord, trainedTokens: number, last: TrainingPoint | undefined): void {
    this.#database.exec('begin');
    this.#database
      .prepare('insert into models values (?, ?, ?, ?) on conflict (id) do nothing')
      .run(job.model, unixSeconds(), last?.step ?? 0, last?.loss ?? null);
    this.#database.prepare('update jobs set trained_tokens = ? where id = ?').run(trainedTokens, job.id);
    this.advance(job.id, 'succeeded', `The job has successfully completed: ${job.model}`);
    this.#database.exec('commit');
  }

  addEvent(job: string, message: string, point?: TrainingPoint): void {
    const data = point ? JSON.stringify({ step: point.step, train_loss: point.loss }) : null;
    this.#database
      .prepare("insert into events (job, created, level, type, message, data) values (?, ?, 'info', ?, ?, ?)")
      .run(job, unixSeconds(), point ? 'metrics' : 'message', message, data);
  }

  /** Newest first. */
  events(job: string): EventRecord[] {
    return z
      .array(EventRecord)
      .parse(this.#database.prepare('select * from events where job = ? order by seq desc').all(job));
  }

  models(): ModelRecord[] {
    return z.array(ModelRecord).parse(this.#database.prepare('select * from models order by created, id').all());
  }

  model(id: string): ModelRecord | undefined {
    const row = this.#database.prepare('select * from models where id = ?').get(id);
    return row && ModelRecord.parse(row);
  }
}
