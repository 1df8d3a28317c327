/**
 * Trains jobs one after the other, in slices that leave the event loop free. A job that was open when a server was
 * killed is trained again from the start: training is deterministic, so the result is the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behavior } from '../behavior.ts';
import { Breathing } from '../yield-to-events.ts';
import type { Files } from '../state/files.ts';
import type { JobRecord, Jobs, TrainingPoint } from '../state/jobs.ts';
import { train } from '../students/families.ts';
import type { TrainedModel } from '../students/model-file.ts';
import type { StudentStore } from '../students/store.ts';
import { TrainingRowError, type TrainingRow } from '../students/training.ts';
import { JobRequest, planTraining, type TrainingPlan } from './request.ts';
import { readTrainingFile } from './training-file.ts';

/** Rows between two rests where the behavior asks for rests. */
const sliceRows = 50;

export class JobRunner {
  readonly #files: Files;
  readonly #jobs: Jobs;
  readonly #students: StudentStore;
  readonly #behavior: Behavior;
  readonly #closing = new AbortController();
  #tail: Promise<void> = Promise.resolve();

  constructor(files: Files, jobs: Jobs, students: StudentStore, behavior: Behavior) {
    this.#files = files;
    this.#jobs = jobs;
    this.#students = students;
    this.#behavior = behavior;
  }

  /** Continues what a previous server left open. */
  resume(): void {
    for (const job of this.#jobs.reopen()) this.enqueue(job);
  }

  enqueue(job: JobRecord): void {
    this.#tail = this.#tail.then(async () => await this.#run(job));
  }

  /** Stops in the middle of a job, which stays open for the next server. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#tail;
  }

  async #run(job: JobRecord): Promise<void> {
    if (this.#gone(job)) return;
    try {
      const plan = planTraining(JobRequest.parse(JSON.parse(job.body)));
      const content = await this.#files.content(job.file);
      const rows = await readTrainingFile(content);
      this.#jobs.advance(job.id, 'queued', 'Files validated, moving job to queued state');
      this.#jobs.advance(job.id, 'running', 'Fine-tuning job started');
      const result = await this.#train(job, plan, rows);
      if (!result) return;
      await this.#students.save(plan.fingerprint, result.model);
      this.#jobs.succeed(job, Math.ceil(content.length / 4), result.last);
    } catch (error) {
      this.#jobs.fail(job.id, jobError(error));
    }
  }

  async #train(job: JobRecord, plan: TrainingPlan, rows: readonly TrainingRow[]): Promise<Trained | undefined> {
    const training = train(plan.base, rows, plan);
    const breathing = new Breathing();
    let last: TrainingPoint | undefined;
    for (let turn = 1; ; turn++) {
      const { done, value } = training.next();
      if (done) return { model: value, last };
      if (value) {
        last = value;
        this.#jobs.addEvent(job.id, `Step ${value.step}: training loss=${value.loss.toFixed(4)}`, value);
      }
      await breathing.rest();
      if (turn % sliceRows === 0) await this.#pause();
      if (turn % 10 === 0 && this.#gone(job)) return undefined;
    }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#closing;
    if (this.#behavior.trainingPauseMs === 0 || signal.aborted) return;
    try {
      await sleep(this.#behavior.trainingPauseMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #gone(job: JobRecord): boolean {
    return this.#closing.signal.aborted || !this.#jobs.isOpen(job.id);
  }
}

interface Trained {
  readonly model: TrainedModel;
  readonly last: TrainingPoint | undefined;
}

function jobError(error: unknown): { code: string; message: string; param: string | null } {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof TrainingRowError
    ? { code: 'invalid_training_file', message: `Invalid training file, ${message}`, param: 'training_file' }
    : { code: 'training_failed', message, param: null };
}
