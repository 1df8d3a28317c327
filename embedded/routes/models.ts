import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { embeddedStudentBases, isStudentBase } from '../../contracts/run/embedded-models.ts';
import { modelNotFound } from '../api-error.ts';
import type { Services } from '../services.ts';

const ModelId = z.object({ id: z.string() });

export function modelRoutes(app: FastifyInstance, { jobs, teachers }: Services): void {
  app.get('/v1/models', (_request, reply) => {
    const fixed = [...teachers.list(), ...embeddedStudentBases].map((id) => describe(id, 0));
    return reply.send({
      object: 'list',
      data: [...fixed, ...jobs.models().map(({ id, created }) => describe(id, created))],
    });
  });

  app.get('/v1/models/:id', (request, reply) => {
    const { id } = ModelId.parse(request.params);
    const trained = jobs.model(id);
    if (!trained && !teachers.exists(id) && !isStudentBase(id)) throw modelNotFound(id);
    return reply.send(describe(id, trained?.created ?? 0));
  });
}

function describe(id: string, created: number) {
  return { id, object: 'model', created, owned_by: 'embedded' };
}
