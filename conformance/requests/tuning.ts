/** Files and fine-tuning jobs of an endpoint under examination. Whatever is made is noted, so that it can be cleared. */
import { setTimeout as pause } from 'node:timers/promises';
import { demand, unasked } from '../case.ts';
import { given } from './replies.ts';
import { TuningEvents, TuningJob, TuningJobs, UploadedFile } from './shapes.ts';
import type { Site } from './site.ts';
import type { Reply } from './wire.ts';

export const metadataKey = 'baldistill_key';
const jobs = '/fine_tuning/jobs';
const ended = new Set(['succeeded', 'failed', 'cancelled']);
const firstWaitMs = 100;
const longestWaitMs = 3000;

/** Throws where nothing may be trained, with the reason. */
export function trainable({ means }: Site): { readonly base: string; readonly retryForMs: number } {
  return 'forbidden' in means.training ? unasked(means.training.forbidden) : means.training;
}

export async function postFile(site: Site, text: string): Promise<Reply> {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new Blob([text], { type: 'application/jsonl' }), 'baldistill-doctor.jsonl');
  const reply = await site.wire.send({ method: 'POST', path: '/files', body: form });
  const id = UploadedFile.safeParse(reply.json).data?.id;
  if (id !== undefined) site.left.files.add(id);
  return reply;
}

export async function upload(site: Site, text: string): Promise<string> {
  return given(await postFile(site, text), UploadedFile, 'POST /files').id;
}

export interface Wish {
  readonly file: string;
  readonly model?: string;
  readonly seed?: number;
  readonly epochs?: number;
  /** Key in the metadata, under which a job is found again. */
  readonly key?: string;
  readonly idempotencyKey?: string;
}

/** The request as a run sends it (adapters/openai/student/student.ts). */
export async function postJob(site: Site, wish: Wish): Promise<Reply> {
  const { file, model, seed = 1, epochs = 3, key, idempotencyKey } = wish;
  const hyperparameters = { n_epochs: epochs };
  const reply = await site.wire.send({
    method: 'POST',
    path: jobs,
    body: {
      model: model ?? trainable(site).base,
      training_file: file,
      seed,
      suffix: 'doctor',
      ...(key === undefined ? {} : { metadata: { [metadataKey]: key } }),
      method: { type: 'supervised', supervised: { hyperparameters } },
      hyperparameters,
    },
    ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
  });
  const id = TuningJob.safeParse(reply.json).data?.id;
  if (reply.status < 300 && id !== undefined) {
    site.left.jobs.add(id);
    site.left.open.add(id);
  }
  return reply;
}

export async function create(site: Site, wish: Wish): Promise<TuningJob> {
  return given(await postJob(site, wish), TuningJob, 'creating a job');
}

export async function jobOf(site: Site, id: string): Promise<TuningJob> {
  return given(await site.wire.send({ method: 'GET', path: `${jobs}/${id}` }), TuningJob, 'GET a job');
}

export async function cancel(site: Site, id: string): Promise<Reply> {
  return await site.wire.send({ method: 'POST', path: `${jobs}/${id}/cancel`, body: {} });
}

export async function listJobs(site: Site, query: string): Promise<readonly TuningJob[]> {
  const reply = await site.wire.send({ method: 'GET', path: `${jobs}?limit=100${query}` });
  return given(reply, TuningJobs, 'listing jobs').data;
}

export function underKey(key: string): string {
  return `&${new URLSearchParams({ [`metadata[${metadataKey}]`]: key }).toString()}`;
}

export async function events(site: Site, id: string, query = ''): Promise<ReturnType<typeof TuningEvents.parse>> {
  const reply = await site.wire.send({ method: 'GET', path: `${jobs}/${id}/events?limit=100${query}` });
  return given(reply, TuningEvents, 'the events of a job');
}

/** Asks until the job is as wanted or has ended. One that takes too long is cancelled, and the case is not judged. */
export async function awaitJob(
  site: Site,
  id: string,
  wanted: (job: TuningJob) => boolean = () => false,
): Promise<TuningJob> {
  const givesUpAt = Date.now() + trainable(site).retryForMs;
  for (let wait = firstWaitMs; ; wait = Math.min(longestWaitMs, wait * 1.5)) {
    const job = await jobOf(site, id);
    if (job.fine_tuned_model !== null) site.left.models.add(job.fine_tuned_model);
    if (ended.has(job.status)) site.left.open.delete(id);
    if (ended.has(job.status) || wanted(job)) return job;
    if (Date.now() > givesUpAt) {
      await cancel(site, id);
      const minutes = Math.round(trainable(site).retryForMs / 60_000);
      unasked(`the job ${id} was still ${job.status} after ${minutes} minutes, and was cancelled`);
    }
    await pause(wait);
  }
}

/** The model that a job ends with. */
export async function trainedBy(site: Site, id: string): Promise<string> {
  const job = await awaitJob(site, id);
  const why = job.error?.message ?? 'without a reason';
  demand(job.status === 'succeeded', `the job ended as ${job.status}: ${why}`);
  demand(job.fine_tuned_model !== null, 'the job succeeded, and names no model');
  return job.fine_tuned_model;
}
