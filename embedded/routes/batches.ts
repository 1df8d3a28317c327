/** OpenAI's Batch API for chat completions: create, look, list, cancel. Input and results are files. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { batchEndpoint } from '../batches/input-file.ts';
import type { Services } from '../services.ts';
import type { BatchRecord } from '../state/batches.ts';
import { page, parseBody } from './parse.ts';

const windowSeconds = 24 * 3600;

const BatchRequest = z.object({
  input_file_id: z.string(),
  endpoint: z.literal(batchEndpoint),
  completion_window: z.literal('24h'),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});
const BatchId = z.object({ id: z.string() });
const PageQuery = z.object({
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

export function batchRoutes(app: FastifyInstance, services: Services): void {
  const { batches } = services;

  app.post('/v1/batches', (request, reply) => {
    const asked = parseBody(BatchRequest, request.body);
    const file = services.files.list().find(({ id }) => id === asked.input_file_id);
    if (file?.purpose !== 'batch') {
      const message = `invalid input_file_id: ${asked.input_file_id} is no file with the purpose batch`;
      throw new ApiError(400, message, { code: 'invalid_input_file', param: 'input_file_id' });
    }
    const batch = batches.create({
      id: `batch_${randomUUID().replaceAll('-', '')}`,
      input_file: file.id,
      metadata: asked.metadata ?? null,
      outcome: services.behavior.batches.next(),
    });
    services.batchRunner.start(batch);
    if (services.behavior.batches.stalls('create')) return reply.hijack();
    return reply.send(describe(batch));
  });

  app.get('/v1/batches', (request, reply) => {
    const { data, ...rest } = page(batches.list().map(describe), parseBody(PageQuery, request.query));
    return reply.send({ ...rest, data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null });
  });

  app.get('/v1/batches/:id', (request, reply) =>
    reply.send(describe(batches.get(parseBody(BatchId, request.params).id))),
  );

  app.post('/v1/batches/:id/cancel', (request, reply) => {
    const { id } = batches.get(parseBody(BatchId, request.params).id);
    if (!batches.advance(id, 'cancelling')) {
      const message = `Cannot cancel a batch with status '${batches.get(id).status}'.`;
      throw new ApiError(409, message, { code: 'batch_ended' });
    }
    return reply.send(describe(batches.get(id)));
  });
}

function describe(batch: BatchRecord) {
  const at = (status: BatchRecord['status']): number | null => batch.times[status] ?? null;
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batchEndpoint,
    errors: batch.errors === null ? null : { object: 'list', data: batch.errors },
    input_file_id: batch.input_file,
    completion_window: '24h',
    status: batch.status,
    output_file_id: batch.output_file,
    error_file_id: batch.error_file,
    created_at: batch.created,
    in_progress_at: at('in_progress'),
    expires_at: batch.created + windowSeconds,
    finalizing_at: at('finalizing'),
    completed_at: at('completed'),
    failed_at: at('failed'),
    expired_at: at('expired'),
    cancelling_at: at('cancelling'),
    cancelled_at: at('cancelled'),
    request_counts: batch.counts,
    metadata: batch.metadata,
  };
}
