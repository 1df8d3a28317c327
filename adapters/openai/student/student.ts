/** The student over the OpenAI protocol: files and fine-tuning jobs, generation, log probabilities. */
import { createReadStream } from 'node:fs';
import type { FineTuneState, Student } from '../../../activities/ports/student.ts';
import type { EndpointAddress } from '../client.ts';
import { endpointName } from '../endpoint-name.ts';
import { studentEndpoint, unknown } from './student-endpoint.ts';
import type { StudentEndpoint } from './student-endpoint.ts';
import { probeStudent } from './student-probe.ts';
import { EventList, Job, JobList, LossEvent, TunableModel, UploadedFile } from './student-shapes.ts';
import { studentText } from './student-text.ts';

/** Metadata key under which a job of ours is found again. */
const jobKey = 'baldistill_key';
const endedBadly = new Set(['failed', 'cancelled']);

export interface StudentSettings {
  readonly baseModel: string;
  readonly address: () => EndpointAddress;
  readonly hyperparameters: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate?: number | undefined;
  };
}

export function openAiStudent(settings: StudentSettings): Student {
  const endpoint = studentEndpoint(settings.address);
  const text = studentText(endpoint);
  return {
    baseModel: settings.baseModel,
    ...text,
    probe: async (model) => await probeStudent(endpoint, text, model),

    async findJob(key) {
      const jobs = await jobsUnder(endpoint, key);
      const going = jobs.filter((job) => !endedBadly.has(job.status));
      const id = going[0]?.id;
      return { id: id === undefined ? id : jobName(id), ended: jobs.length - going.length };
    },

    async supportedHyperparameters(model) {
      // A key may be allowed to train and to generate, but not to list models.
      const described = await endpoint.tryOut(
        TunableModel,
        async (client) => client.get(`/models/${encodeURIComponent(model)}`),
        [...unknown, 401, 403],
      );
      return described?.tunable ?? [];
    },

    async createJob({ key, ended, baseModel, trainingPath, seed, suffix, options }) {
      const file = await endpoint.demand(UploadedFile, async (client) =>
        client.files.create({ file: createReadStream(trainingPath), purpose: 'fine-tune' }),
      );
      const { epochs, batchSize, learningRate } = settings.hyperparameters;
      const hyperparameters = {
        n_epochs: epochs,
        batch_size: batchSize,
        ...(learningRate === undefined ? {} : { learning_rate_multiplier: learningRate }),
        ...options,
      };
      const job = await endpoint.demand(Job, async (client) =>
        client.post('/fine_tuning/jobs', {
          body: {
            model: baseModel,
            training_file: file.id,
            seed,
            suffix,
            metadata: { [jobKey]: key },
            method: { type: 'supervised', supervised: { hyperparameters } },
            // Older compatible servers read only this one.
            hyperparameters,
          },
          // A new try after a failed job is another job, so it needs another key.
          headers: { 'Idempotency-Key': `${key}-${ended}` },
        }),
      );
      return jobName(job.id);
    },

    async job(id): Promise<FineTuneState> {
      const job = await endpoint.tryOut(Job, async (client) =>
        client.get(`/fine_tuning/jobs/${encodeURIComponent(id)}`),
      );
      if (job === null) return { status: 'unknown' };
      if (job.status === 'succeeded' && job.fine_tuned_model) {
        const losses = await lossesOf(endpoint, id);
        const model = endpointName(job.fine_tuned_model, 'a fine-tuned model', 'FineTuneFailed');
        return { status: 'succeeded', model, losses, trainedTokens: job.trained_tokens ?? null };
      }
      if (endedBadly.has(job.status))
        return { status: 'failed', message: (job.error?.message ?? job.status).slice(0, 500) };
      return { status: 'running' };
    },
  };
}

function jobName(id: string): string {
  return endpointName(id, 'a fine-tuning job', 'FineTuneFailed');
}

/** Jobs of ours under a key; servers that ignore the filter list everything. */
async function jobsUnder(endpoint: StudentEndpoint, key: string): Promise<Job[]> {
  const jobs = await endpoint.tryOut(JobList, async (client) =>
    client.get('/fine_tuning/jobs', { query: { limit: 100, metadata: { [jobKey]: key } } }),
  );
  return (jobs?.data ?? []).filter((job) => job.metadata?.[jobKey] === key);
}

/** Training loss by step from the job's events, oldest first; empty where the endpoint reports none. */
async function lossesOf(endpoint: StudentEndpoint, id: string): Promise<{ step: number; loss: number }[]> {
  const losses: { step: number; loss: number }[] = [];
  let after: string | undefined;
  for (let page = 0; page < 100; page += 1) {
    const events = await endpoint.tryOut(EventList, async (client) =>
      client.get(`/fine_tuning/jobs/${encodeURIComponent(id)}/events`, {
        query: { limit: 100, ...(after === undefined ? {} : { after }) },
      }),
    );
    for (const event of events?.data ?? []) {
      const loss = LossEvent.safeParse(event.data).data;
      if (loss !== undefined) losses.push({ step: loss.step, loss: loss.train_loss });
    }
    const last = events?.data.at(-1)?.id;
    if (!events?.has_more || last === undefined || last === after) break;
    after = last;
  }
  return losses.sort((a, b) => a.step - b.step);
}
