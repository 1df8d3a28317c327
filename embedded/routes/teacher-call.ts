/**
 * One call of a teacher: counted, delayed, struck by a fault or answered, and billed before its answer leaves. A client
 * that went away in the meantime is billed all the same, as real providers do.
 */
import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api-error.ts';
import type { Fault } from '../behavior.ts';
import type { Services } from '../services.ts';
import { unixSeconds } from '../state/database.ts';
import { readQuestion } from '../teachers/question.ts';
import type { EmbeddedTeacher, SpokenAnswer } from '../teachers/teacher.ts';
import { checkForm, inForm } from './answer-form.ts';
import type { ChatRequest } from './chat-request.ts';

export interface TeacherOutcome {
  readonly fault?: Fault;
  /** The answer that was billed; some faults send it in pieces. */
  readonly body?: unknown;
  /** Remaining rate limits. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Throws `ApiError`: nothing that throws is billed. */
export async function callTeacher(
  services: Services,
  teacher: EmbeddedTeacher,
  request: ChatRequest,
  idempotencyKey: string | undefined,
): Promise<TeacherOutcome> {
  const { behavior, meter } = services;
  meter.receive(idempotencyKey);
  const fault = behavior.nextFault(meter.requests);
  const headers = behavior.throttle?.admit(tokensOf(teacher, request), performance.now()) ?? {};
  const leave = await behavior.workplaces.enter();
  try {
    const delay = behavior.delayMs() + (fault?.delayMs ?? 0);
    if (delay > 0) await sleep(delay);
  } finally {
    leave();
  }
  if (fault?.when === 'before') return { fault };
  checkForm(behavior.structured, request);
  const question = readQuestion(request.messages, request.seed);
  const spoken = teacher.answer(question);
  const content = inForm(spoken, question.kind, request.response_format);
  const fingerprint = hash('sha256', JSON.stringify(request));
  let created = unixSeconds();
  if (idempotencyKey === undefined || !behavior.idempotent) {
    meter.bill(idempotencyKey, fingerprint);
  } else {
    // The answer follows from the request, so the key and what it was used for are all that must be remembered.
    const earlier = meter.billOf(idempotencyKey);
    if (earlier && earlier.request !== fingerprint) {
      throw new ApiError(409, 'This Idempotency-Key was used with another request.', { code: 'idempotency_conflict' });
    }
    if (earlier) created = earlier.created;
    else meter.billOnce(idempotencyKey, { created, request: fingerprint });
  }
  const body = answerBody(request, { ...spoken, text: content }, { created, fingerprint });
  return fault ? { fault, body } : { body, headers };
}

/** What the call will be billed: the answer follows from the question, so it is known before it is worked out. */
function tokensOf(teacher: EmbeddedTeacher, request: ChatRequest): number {
  const question = readQuestion(request.messages, request.seed);
  const text = inForm(teacher.answer(question), question.kind, request.response_format);
  return countTokens(text) + request.messages.reduce((sum, { content }) => sum + countTokens(content), 0);
}

export function answerBody(
  request: ChatRequest,
  { text, source, finishReason, refusal }: SpokenAnswer,
  identity: { readonly created: number; readonly fingerprint: string },
): unknown {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const cut = finishReason === undefined && countTokens(text) > limit;
  const content = cut ? text.slice(0, limit * 4) : text;
  const prompt = request.messages.reduce((sum, message) => sum + countTokens(message.content), 0);
  // What a limit cut, or a script says in spite of it, is no more tokens than the limit.
  const completion = Math.min(countTokens(content), limit);
  return {
    id: `chatcmpl-${identity.fingerprint.slice(0, 24)}`,
    object: 'chat.completion',
    created: identity.created,
    model: request.model,
    system_fingerprint: `embedded-${source}-teacher`,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: refusal === undefined ? content : null, refusal: refusal ?? null },
        logprobs: null,
        finish_reason: finishReason ?? (cut ? 'length' : 'stop'),
      },
    ],
    // A simple count, four bytes a token; there is no real tokenizer.
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      simulated: true,
    },
  };
}

function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}
