/** What only this endpoint has: its health, its own meter, and the behavior that tests and chaos runs change. */
import type { FastifyInstance } from 'fastify';
import { BehaviorChange } from '../behavior.ts';
import type { Services } from '../services.ts';
import { parseBody } from './parse.ts';

export function ownRoutes(app: FastifyInstance, { behavior, meter }: Services): void {
  app.get('/health', (_request, reply) => reply.send({ status: 'ok' }));

  app.get('/embedded/counters', (_request, reply) =>
    reply.send({ requests: meter.requests, billed: meter.billed, stalled: behavior.batches.stalled }),
  );

  app.put('/embedded/behavior', (request, reply) => {
    behavior.change(parseBody(BehaviorChange, request.body));
    return reply.send({
      latencyMs: behavior.latencyMs,
      jitterMs: behavior.jitterMs,
      idempotent: behavior.idempotent,
      trainingPauseMs: behavior.trainingPauseMs,
      limited: behavior.throttle !== null,
      servers: behavior.workplaces.places,
      structured: behavior.structured,
    });
  });
}
