import { hash, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { hyperparametersOf, JobRequest, planTraining } from '../jobs/request.ts';
import type { Services } from '../services.ts';
import type { EventRecord, JobRecord } from '../state/jobs.ts';
import { page, parseBody } from './parse.ts';

const JobId = z.object({ id: z.string() });
const PageQuery = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(20),
});

export function jobRoutes(app: FastifyInstance, services: Services): void {
  const { jobs } = services;

  app.post('/v1/fine_tuning/jobs', (request, reply) => {
    const key = request.headers['idempotency-key'];
    return reply.send(describe(createJob(services, request.body, typeof key === 'string' ? key : undefined)));
  });

  app.get('/v1/fine_tuning/jobs', (request, reply) => {
    const wanted = metadataQuery(request.query);
    const found = jobs.list().map(describe);
    const matching = found.filter((job) => wanted.every(([key, value]) => job.metadata?.[key] === value));
    return reply.send(page(matching, parseBody(PageQuery, request.query)));
  });

  app.get('/v1/fine_tuning/jobs/:id', (request, reply) =>
    reply.send(describe(jobs.get(parseBody(JobId, request.params).id))),
  );

  app.post('/v1/fine_tuning/jobs/:id/cancel', (request, reply) => {
    const { id } = jobs.get(parseBody(JobId, request.params).id);
    jobs.advance(id, 'cancelled', 'The job was cancelled');
    return reply.send(describe(jobs.get(id)));
  });

  app.get('/v1/fine_tuning/jobs/:id/events', (request, reply) => {
    const { id } = jobs.get(parseBody(JobId, request.params).id);
    return reply.send(page(jobs.events(id).map(describeEvent), parseBody(PageQuery, request.query)));
  });

  app.get('/v1/fine_tuning/jobs/:id/checkpoints', (request, reply) => {
    const job = jobs.get(parseBody(JobId, request.params).id);
    const model = job.status === 'succeeded' ? jobs.model(job.model) : undefined;
    const checkpoint = model && {
      id: `ftckpt-${hash('sha256', job.id).slice(0, 24)}`,
      object: 'fine_tuning.job.checkpoint',
      created_at: job.finished,
      fine_tuned_model_checkpoint: model.id,
      fine_tuning_job_id: job.id,
      step_number: model.steps,
      metrics: { step: model.steps, train_loss: model.loss },
    };
    return reply.send(page(checkpoint ? [checkpoint] : [], parseBody(PageQuery, request.query)));
  });
}

/** A repeated `Idempotency-Key` gives the same job; 409 where it asks for another one. */
function createJob(services: Services, body: unknown, key: string | undefined): JobRecord {
  const request = parseBody(JobRequest, body);
  const plan = planTraining(request);
  const id = `ftjob-${(key === undefined ? randomUUID().replaceAll('-', '') : hash('sha256', key)).slice(0, 24)}`;
  const canonical = JSON.stringify(request);
  const earlier = services.jobs.find(id);
  if (earlier?.body === canonical) return earlier;
  if (earlier) {
    throw new ApiError(409, 'This Idempotency-Key was used for another job.', { code: 'idempotency_conflict' });
  }
  requireFile(services, request.training_file);
  const job = services.jobs.create({ id, body: canonical, file: request.training_file, model: plan.model });
  services.runner.enqueue(job);
  return job;
}

function requireFile(services: Services, id: string): void {
  if (services.files.list().some((file) => file.id === id)) return;
  throw new ApiError(400, `invalid training_file: ${id}`, { code: 'file_not_found', param: 'training_file' });
}

/** `metadata[key]=value` pairs of a query string. */
function metadataQuery(query: unknown): [string, string][] {
  return Object.entries(z.record(z.string(), z.unknown()).parse(query)).flatMap(([name, value]): [string, string][] => {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    return key === undefined || typeof value !== 'string' ? [] : [[key, value]];
  });
}

function describe(job: JobRecord) {
  const request = JobRequest.parse(JSON.parse(job.body));
  const hyperparameters = hyperparametersOf(request);
  return {
    id: job.id,
    object: 'fine_tuning.job',
    created_at: job.created,
    finished_at: job.finished,
    model: request.model,
    fine_tuned_model: job.status === 'succeeded' ? job.model : null,
    organization_id: 'embedded',
    status: job.status,
    training_file: request.training_file,
    validation_file: request.validation_file ?? null,
    result_files: [],
    seed: request.seed ?? 0,
    suffix: request.suffix ?? null,
    metadata: request.metadata ?? null,
    trained_tokens: job.trained_tokens,
    estimated_finish: null,
    error: job.error === null ? null : z.record(z.string(), z.unknown()).parse(JSON.parse(job.error)),
    hyperparameters,
    method: { type: 'supervised', supervised: { hyperparameters } },
    integrations: [],
  };
}

function describeEvent(event: EventRecord) {
  return {
    id: `ftevent-${event.seq}`,
    object: 'fine_tuning.job.event',
    created_at: event.created,
    level: event.level,
    type: event.type,
    message: event.message,
    data: event.data === null ? null : z.record(z.string(), z.unknown()).parse(JSON.parse(event.data)),
  };
}
