/** The HTTP face: routes, the optional key, and errors in OpenAI's shape whatever goes wrong. */
import { timingSafeEqual } from 'node:crypto';
import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { isOfAnotherUser } from '../adapters/processes/loopback-peer.ts';
import { foreignRequest } from '../domain/loopback-request.ts';
import { ApiError, errorBody } from './api-error.ts';
import { batchRoutes } from './routes/batches.ts';
import { chatRoutes } from './routes/chat.ts';
import { completionRoutes } from './routes/completions.ts';
import { fileRoutes } from './routes/files.ts';
import { jobRoutes } from './routes/jobs.ts';
import { modelRoutes } from './routes/models.ts';
import { ownRoutes } from './routes/own.ts';
import type { Services } from './services.ts';

const largestBody = 64 * 1024 * 1024;
const largestFile = 1024 * 1024 * 1024;

export async function buildApp(services: Services, apiKey: string | undefined): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: largestBody, forceCloseConnections: true, routerOptions: { maxParamLength: 500 } });
  await app.register(multipart, { limits: { fileSize: largestFile } });
  app.addHook('onRequest', async ({ headers }) => {
    const refusal = foreignRequest(headers);
    if (refusal !== null) throw new ApiError(403, refusal, { code: 'foreign_request' });
  });
  if (apiKey === undefined) {
    app.addHook('onRequest', async ({ raw }) => {
      if (!(await isOfAnotherUser(raw.socket))) return;
      const refusal =
        'This server answers its owner only, and another user sent this. With a key it answers whoever has it.';
      throw new ApiError(403, refusal, { code: 'foreign_request' });
    });
  } else {
    app.addHook('onRequest', async (request) => {
      if (request.url === '/health' || carriesKey(request.headers.authorization, apiKey)) return;
      throw new ApiError(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });
    });
  }
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ApiError) {
      return reply
        .code(error.status)
        .headers(error.headers)
        .send(errorBody(error.status, error.message, error.code, error.param));
    }
    const status = statusOf(error);
    const message = error instanceof Error ? error.message : String(error);
    return reply.code(status).send(errorBody(status, message));
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `Unknown request URL: ${request.method} ${request.url.split('?')[0]}`;
    return reply.code(404).send(errorBody(404, message, 'unknown_url'));
  });
  for (const routes of [chatRoutes, completionRoutes, fileRoutes, jobRoutes, batchRoutes, modelRoutes, ownRoutes]) {
    routes(app, services);
  }
  return app;
}

function carriesKey(header: string | undefined, apiKey: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${apiKey}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** Fastify's own errors (malformed JSON, body too large, ...) carry their status; everything else is a bug of ours. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
