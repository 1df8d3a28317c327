/** What only this endpoint has: its health, its own meter, and the behaviour that tests and chaos runs change. */
import type { FastifyInstance } from 'fastify';
import { BehaviourChange } from '../behavior.ts';
import type { Services } from '../services.ts';
import { parseBody } from './parse.ts';

export function ownRoutes(app: FastifyInstance, { behaviour, meter }: Services): void {
  app.get('/health', (_request, reply) => reply.send({ status: 'ok' }));

  app.get('/embedded/counters', (_request, reply) =>
    reply.send({ requests: meter.requests, billed: meter.billed, stalled: behaviour.batches.stalled }),
  );

  app.put('/embedded/behaviour', (request, reply) => {
    behaviour.change(parseBody(BehaviourChange, request.body));
    return reply.send({
      latencyMs: behaviour.latencyMs,
      jitterMs: behaviour.jitterMs,
      idempotent: behaviour.idempotent,
      trainingPauseMs: behaviour.trainingPauseMs,
      limited: behaviour.throttle !== null,
      servers: behaviour.workplaces.places,
      structured: behaviour.structured,
    });
  });
}
