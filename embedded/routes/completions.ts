/** Text completions with arrays of prompts, echo, log probabilities and token ids, and vLLM's `/tokenize`. */
import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { codePointLength } from '../../domain/code-points.ts';
import { ApiError } from '../api-error.ts';
import { Breathing } from '../yield-to-events.ts';
import type { Services } from '../services.ts';
import { unixSeconds } from '../state/database.ts';
import { promptOf } from '../students/chat-prompt.ts';
import { complete, longestSequence, type Completion } from '../students/complete.ts';
import { bos } from '../students/tokens.ts';
import { ChatMessages } from './chat-request.ts';
import { modelOf, parseBody } from './parse.ts';

const TokenIds = z.array(z.int().nonnegative());

const CompletionRequest = z.object({
  model: z.string(),
  prompt: z.union([z.string(), TokenIds.min(1), z.array(z.string()), z.array(TokenIds)]),
  max_tokens: z.int().nonnegative().nullish(),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  n: z.literal(1, 'only n = 1 is supported').nullish(),
  stream: z.literal(false, 'streaming is not supported by the embedded endpoint').nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  add_special_tokens: z.boolean().nullish(),
  return_token_ids: z.boolean().nullish(),
});

const TokenizeRequest = z.object({
  model: z.string(),
  prompt: z.string().optional(),
  messages: ChatMessages.optional(),
  add_special_tokens: z.boolean().nullish(),
});

export function completionRoutes(app: FastifyInstance, services: Services): void {
  app.post('/v1/completions', (request) => answerCompletion(services, request.body));
  for (const path of ['/tokenize', '/v1/tokenize']) {
    app.post(path, (request) => tokenize(services, request.body));
  }
}

async function answerCompletion(services: Services, body: unknown): Promise<unknown> {
  const student = await findStudent(services, body);
  const asked = parseBody(CompletionRequest, body);
  const prompts = promptList(asked.prompt);
  if (prompts.length === 0) throw new ApiError(400, 'prompt must not be empty', { param: 'prompt' });
  const options = {
    maxTokens: asked.max_tokens ?? 16,
    echo: asked.echo ?? false,
    logprobs: asked.logprobs ?? null,
    stop: [asked.stop ?? []].flat(),
    addSpecialTokens: asked.add_special_tokens ?? true,
  };
  const breathing = new Breathing();
  const choices: unknown[] = [];
  let promptTokens = 0;
  let completionTokens = 0;
  for (const [index, prompt] of prompts.entries()) {
    const completion = complete(student, prompt, options);
    choices.push(choiceOf(completion, index, asked.return_token_ids ?? false));
    promptTokens += completion.promptIds.length;
    completionTokens += completion.ids.length;
    await breathing.rest();
  }
  return {
    id: `cmpl-${randomUUID()}`,
    object: 'text_completion',
    created: unixSeconds(),
    model: asked.model,
    choices,
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    },
  };
}

async function tokenize(services: Services, body: unknown): Promise<unknown> {
  const student = await findStudent(services, body);
  const asked = parseBody(TokenizeRequest, body);
  const text = asked.messages ? promptOf(asked.messages) : asked.prompt;
  if (text === undefined) throw new ApiError(400, 'either prompt or messages is needed', { param: 'prompt' });
  const tokens = [...((asked.add_special_tokens ?? true) ? [bos] : []), ...student.encode(text)];
  return { tokens, count: tokens.length, max_model_len: longestSequence };
}

async function findStudent(services: Services, body: unknown): ReturnType<Services['students']['find']> {
  const model = modelOf(body);
  if (services.teachers.exists(model)) {
    throw new ApiError(400, `'${model}' is a teacher: it answers chat completions only.`, { param: 'model' });
  }
  return await services.students.find(model);
}

function promptList(prompt: z.infer<typeof CompletionRequest>['prompt']): (string | number[])[] {
  if (typeof prompt === 'string') return [prompt];
  const list: (string | number | number[])[] = prompt;
  const ids = list.filter((entry) => typeof entry === 'number');
  return ids.length > 0 ? [ids] : list.filter((entry) => typeof entry !== 'number');
}

function choiceOf(completion: Completion, index: number, withIds: boolean): unknown {
  return {
    index,
    text: completion.pieces.join(''),
    finish_reason: completion.finish,
    logprobs: logprobsOf(completion),
    ...(withIds ? { token_ids: completion.ids, prompt_token_ids: completion.promptIds } : {}),
  };
}

function logprobsOf({ pieces, scores }: Completion): unknown {
  if (!scores) return null;
  const offsets: number[] = [];
  let offset = 0;
  for (const piece of pieces) {
    offsets.push(offset);
    offset += codePointLength(piece);
  }
  return {
    tokens: pieces,
    token_logprobs: scores.map((score) => score?.logprob ?? null),
    text_offset: offsets,
    top_logprobs: scores.map((score) => (score ? Object.fromEntries(score.top) : null)),
  };
}
