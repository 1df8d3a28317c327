/** The teacher over the OpenAI protocol: `chat/completions`, one HTTP request a call, every error classified for money. */
import { APIError } from 'openai';
import type OpenAI from 'openai';
import { z } from 'zod';
import { CallError } from '../../../activities/ports/teacher.ts';
import type { Teacher, TeacherRequest } from '../../../activities/ports/teacher.ts';
import type { PaidAnswer } from '../../../activities/ports/ledger.ts';
import { BaldistillError } from '../../../domain/failures.ts';
import { chatAnswerBytes } from '../answer-limits.ts';
import { clientFor } from '../client.ts';
import type { EndpointAddress } from '../client.ts';
import { troubleOf } from '../errors.ts';
import type { Trouble } from '../errors.ts';
import { rateLimitsOf } from './rate-headers.ts';
import { readUsage } from '../usage.ts';

export interface TeacherSettings {
  readonly model: string;
  /** Asked again at every call: the embedded endpoint may come back on another port. */
  readonly address: () => EndpointAddress;
  readonly temperature: number | undefined;
  readonly maxTokens: number;
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  readonly sendSeed: boolean;
  readonly unbilled: readonly number[];
  /**
   * An endpoint that refuses connections or is overloaded may be starting: it is retried this long before the run
   * blocks.
   */
  readonly retryForMs?: { readonly refused: number; readonly overloaded: number } | undefined;
}

/** Some gateways hand over the parts of a message as they came. */
const Parts = z
  .array(z.looseObject({ text: z.string().optional() }))
  .transform((parts) => parts.map(({ text }) => text ?? '').join(''));

/** The fields read from an answer; all others are ignored. */
const Completion = z.object({
  /** Null: the answer is paid for and empty. */
  choices: z.array(
    z.object({
      message: z.object({ content: z.union([z.string(), Parts]).nullish(), refusal: z.string().nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  /** Parsed separately: a wrong figure must not lose the paid answer. */
  usage: z.unknown().optional(),
});

/** Reads a completion, as a call or a line of a batch brings it; null where it is none. */
export function paidAnswer(body: unknown): Omit<PaidAnswer, 'latencyMs'> | null {
  const completion = Completion.safeParse(body).data;
  return completion === undefined ? null : answerOf(completion);
}

function answerOf({ choices, usage }: z.infer<typeof Completion>): Omit<PaidAnswer, 'latencyMs'> {
  const choice = choices[0];
  // Some gateways fill the field in always.
  const refused = (choice?.message.refusal ?? '') !== '';
  return {
    text: choice?.message.content ?? choice?.message.refusal ?? '',
    finishReason: refused ? 'refusal' : (choice?.finish_reason ?? 'stop'),
    ...readUsage(usage),
  };
}

const defaultPatienceMs = { refused: 5_000, overloaded: 60_000 };

/** No address or no key is a call that was never sent. */
function reach({ address, maxTokens }: Pick<TeacherSettings, 'address' | 'maxTokens'>): OpenAI {
  try {
    return clientFor({ ...address(), answerBytes: chatAnswerBytes(maxTokens) });
  } catch (error) {
    if (!(error instanceof BaldistillError)) throw error;
    const refused = { outcome: 'refused', reason: 'not_sent', failure: error.type, retryAfterMs: null } as const;
    throw new CallError(refused, error.message, { cause: error });
  }
}

export function openAiTeacher(settings: TeacherSettings): Teacher {
  const retryForMs = settings.retryForMs ?? defaultPatienceMs;
  let troubledSince: number | undefined;

  function parameters(request: TeacherRequest) {
    return {
      model: settings.model,
      messages: [...request.messages],
      [settings.maxTokensField]: settings.maxTokens,
      ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
      ...(request.responseFormat === undefined ? {} : { response_format: request.responseFormat }),
      ...(settings.sendSeed && request.seed !== null ? { seed: request.seed } : {}),
    };
  }

  function callError(trouble: Trouble, cause: unknown): CallError {
    const { status, code, message } = trouble;
    const details = {
      reason: status === 429 ? 'rate_limited' : code,
      failure: trouble.failure,
      retryAfterMs: trouble.retryAfterMs,
      overloaded: status === 429 || (status !== null && settings.unbilled.includes(status)),
    };
    const make = (outcome: CallError['outcome'], more: Partial<typeof details> = {}): CallError =>
      new CallError({ outcome, ...details, ...more }, message, { cause });
    /** Retries for this long, then the endpoint counts as down. */
    const retryFor = (limitMs: number): CallError => {
      troubledSince ??= Date.now();
      if (Date.now() - troubledSince < limitMs) return make('refused', { retryAfterMs: trouble.retryAfterMs ?? 0 });
      // A resume gives the endpoint its full time again.
      troubledSince = undefined;
      return make('refused', { failure: 'EndpointDown' });
    };
    // A connection that times out takes longer to notice than one that is refused.
    const slow = code === 'und_err_connect_timeout';
    if (!trouble.sent) return retryFor(slow ? retryForMs.overloaded : retryForMs.refused);
    if (status === null) return make('ambiguous');
    if (trouble.failure !== null || trouble.ofRequest) return make('refused', { retryAfterMs: null });
    if (status === 429) return make('refused', { retryAfterMs: trouble.retryAfterMs ?? 0 });
    if (settings.unbilled.includes(status)) return retryFor(retryForMs.overloaded);
    return make('ambiguous');
  }

  return {
    model: settings.model,
    maxTokens: settings.maxTokens,
    content: parameters,
    async complete(request, { idempotencyKey, signal, onLimits }) {
      const startedAt = performance.now();
      const client = reach(settings);
      const reportLimits = (headers: Headers | undefined): void => {
        const limits = rateLimitsOf(headers);
        if (limits !== null) onLimits(limits);
      };
      try {
        // post(), not create(): the answer is foreign data and is parsed here, once.
        const { data, response } = await client
          .post('/chat/completions', {
            body: parameters(request),
            headers: { 'Idempotency-Key': idempotencyKey },
            signal,
          })
          .withResponse();
        reportLimits(response.headers);
        const answer = Completion.parse(data);
        troubledSince = undefined;
        return { ...answerOf(answer), latencyMs: Math.round(performance.now() - startedAt) };
      } catch (error) {
        if (error instanceof APIError) reportLimits(error.headers);
        throw callError(troubleOf(error), error);
      }
    },
  };
}
