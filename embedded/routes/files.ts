import type { Multipart } from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import type { Services } from '../services.ts';
import type { FileRecord } from '../state/files.ts';
import { page, parseBody } from './parse.ts';

const FileId = z.object({ id: z.string() });
const ListQuery = z.object({
  purpose: z.string().optional(),
  after: z.string().optional(),
  limit: z.coerce.number().int().positive().default(10_000),
});

export function fileRoutes(app: FastifyInstance, services: Services): void {
  const { files } = services;

  app.post('/v1/files', async (request, reply) => {
    if (services.behavior.batches.stalls('upload')) return reply.hijack();
    return describe(await receive(request, services));
  });

  app.get('/v1/files', (request, reply) => {
    const query = parseBody(ListQuery, request.query);
    const wanted = files.list().filter((file) => query.purpose === undefined || file.purpose === query.purpose);
    return reply.send(page(wanted.map(describe), query));
  });

  app.get('/v1/files/:id', (request, reply) => reply.send(describe(files.get(parseBody(FileId, request.params).id))));

  app.get('/v1/files/:id/content', async (request, reply) => {
    const { id, purpose } = files.get(parseBody(FileId, request.params).id);
    const content = await files.content(id);
    if (purpose === 'batch_output' && services.behavior.batches.stalls('download')) {
      reply.hijack().raw.writeHead(200, { 'content-length': content.length });
      reply.raw.write(content.subarray(0, content.length / 2));
      return reply;
    }
    return await reply.type('application/octet-stream').send(content);
  });

  app.delete('/v1/files/:id', (request) => remove(services, parseBody(FileId, request.params).id));
}

async function remove({ files }: Services, id: string): Promise<unknown> {
  await files.remove(id);
  return { id, object: 'file', deleted: true };
}

async function receive(request: FastifyRequest, { files }: Services): Promise<FileRecord> {
  if (!request.isMultipart()) throw new ApiError(400, 'a file is uploaded as multipart/form-data', { param: 'file' });
  let purpose: string | undefined;
  let upload: { id: string; bytes: number; path: string; name: string } | undefined;
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      if (upload) await files.discard(upload);
      upload = { ...(await files.receive(part.file)), name: part.filename };
    } else if (part.fieldname === 'purpose') purpose = textOf(part);
  }
  if (upload && purpose) return await files.keep(upload, upload.name, purpose);
  if (upload) await files.discard(upload);
  const param = upload ? 'purpose' : 'file';
  throw new ApiError(400, `'${param}' is a required field`, { code: 'missing_required_parameter', param });
}

function textOf(part: Multipart): string | undefined {
  return part.type === 'field' && typeof part.value === 'string' ? part.value : undefined;
}

function describe(file: FileRecord) {
  return {
    id: file.id,
    object: 'file',
    bytes: file.bytes,
    created_at: file.created,
    filename: file.filename,
    purpose: file.purpose,
    status: 'processed',
  };
}
