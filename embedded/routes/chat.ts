import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import { unixSeconds } from '../state/database.ts';
import { promptOf } from '../students/chat-prompt.ts';
import { complete, type Completion } from '../students/complete.ts';
import { ChatRequest } from './chat-request.ts';
import { modelOf, parseBody } from './parse.ts';
import { strike } from './strike.ts';
import { callTeacher } from './teacher-call.ts';

const defaultTokens = 512;

export function chatRoutes(app: FastifyInstance, services: Services): void {
  app.post('/v1/chat/completions', async (request, reply) => {
    const model = modelOf(request.body);
    const teacher = services.teachers.find(model);
    if (!teacher) return await answerAsStudent(services, request.body);
    const key = request.headers['idempotency-key'];
    const asked = parseBody(ChatRequest, request.body);
    const outcome = await callTeacher(services, teacher, asked, typeof key === 'string' ? key : undefined);
    const last = services.behavior.lastAnswer;
    if (outcome.body !== undefined) services.behavior.lastAnswer = outcome.body;
    if (outcome.fault) return strike(outcome.fault, outcome.body, last, reply);
    if (outcome.headers) reply.headers(outcome.headers);
    return outcome.body;
  });
}

/** Students cost nothing. */
export async function answerAsStudent(services: Pick<Services, 'students'>, body: unknown): Promise<unknown> {
  const student = await services.students.find(modelOf(body));
  const request = parseBody(ChatRequest, body);
  const completion = complete(student, promptOf(request.messages), {
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? defaultTokens,
    echo: false,
    logprobs: request.logprobs ? (request.top_logprobs ?? 0) : null,
    stop: [request.stop ?? []].flat(),
    addSpecialTokens: true,
  });
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: unixSeconds(),
    model: request.model,
    system_fingerprint: 'embedded-baseline-student',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: completion.pieces.join(''), refusal: null },
        logprobs: chatLogprobs(completion),
        finish_reason: completion.finish,
      },
    ],
    usage: {
      prompt_tokens: completion.promptIds.length,
      completion_tokens: completion.ids.length,
      total_tokens: completion.promptIds.length + completion.ids.length,
    },
  };
}

function chatLogprobs({ pieces, scores }: Completion): unknown {
  if (!scores) return null;
  return {
    content: scores.map((score, at) => ({
      token: pieces[at] ?? '',
      logprob: score?.logprob ?? 0,
      bytes: [...Buffer.from(pieces[at] ?? '')],
      top_logprobs: (score?.top ?? []).map(([token, logprob]) => ({ token, logprob, bytes: [...Buffer.from(token)] })),
    })),
    refusal: null,
  };
}
