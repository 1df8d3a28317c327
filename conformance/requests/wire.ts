/**
 * Bare HTTP to the endpoint under test: nothing is hidden, repeated or repaired but a 429, which says
 * itself when to come again. Counts what was sent, since it may cost money.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { endpointUrl } from '../../domain/endpoint-address.ts';
import { bounded, mostAnswerBytes } from '../../adapters/openai/answer-limits.ts';
import { wasSent } from '../../adapters/openai/errors.ts';
import { withoutKey } from '../../adapters/openai/hidden-key.ts';
import { Objection } from '../case.ts';

const mostWaits = 4;
const longestWaitSeconds = 60;

export interface WireSettings {
  /** With `/v1`. Asked at every request: a server that was started again may be elsewhere. */
  readonly address: () => string;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
}

export interface Sending {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, or below the server's root with `root`. */
  readonly path: string;
  readonly root?: boolean;
  /** A string is sent as it is, a form as a form, everything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another key than the endpoint's; null: none. */
  readonly apiKey?: string | null;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Undefined where the text is no JSON. */
  readonly json: unknown;
}

/** Tokens as the endpoint counts them; `unmetered` answers had no usage. */
export interface Spent {
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly unmetered: number;
}

export interface Wire {
  /** Throws `Objection` `breaks` where no answer comes. */
  readonly send: (sending: Sending) => Promise<Reply>;
  readonly spent: () => Spent;
  readonly settings: WireSettings;
}

const Count = z.int().nonnegative();
const Metered = z.object({ usage: z.object({ prompt_tokens: Count, completion_tokens: Count.nullish() }) });

export function openWire(settings: WireSettings): Wire {
  const spent = { requests: 0, promptTokens: 0, completionTokens: 0, unmetered: 0 };

  function meter({ path }: Sending, reply: Reply): void {
    if (reply.status !== 200 || !path.endsWith('/completions')) return;
    const usage = Metered.safeParse(reply.json).data?.usage;
    if (usage === undefined) spent.unmetered += 1;
    spent.promptTokens += usage?.prompt_tokens ?? 0;
    spent.completionTokens += usage?.completion_tokens ?? 0;
  }

  return {
    settings,
    spent: () => ({ ...spent }),
    async send(sending) {
      for (let waits = 0; ; waits += 1) {
        spent.requests += 1;
        const { reply, retryAfter } = await exchange(settings, sending);
        meter(sending, reply);
        if (reply.status !== 429 || waits === mostWaits) return reply;
        await pause(Math.min(retryAfter, longestWaitSeconds) * 1000);
      }
    },
  };
}

async function exchange(settings: WireSettings, sending: Sending): Promise<{ reply: Reply; retryAfter: number }> {
  const { method, path, body } = sending;
  const bare = body === undefined || typeof body === 'string' || body instanceof FormData;
  try {
    const response = await fetch(addressOf(settings, sending), {
      method,
      headers: headersOf(settings, sending),
      ...(body === undefined ? {} : { body: bare ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(settings.timeoutMs),
    });
    const text = withoutKey(await bounded(response, mostAnswerBytes).text(), settings.apiKey);
    const contentType = response.headers.get('content-type') ?? '';
    const retryAfter = Number(response.headers.get('retry-after') ?? 1);
    const reply = { status: response.status, contentType, text, json: parsed(text) };
    return { reply, retryAfter: Number.isFinite(retryAfter) ? Math.max(0, retryAfter) : 1 };
  } catch (error) {
    throw noAnswer(`${method} ${path}`, error);
  }
}

export function addressOf({ address }: WireSettings, { path, root = false }: Sending): string {
  return root ? new URL(path, address()).href : endpointUrl(address(), path);
}

export function headersOf({ apiKey }: WireSettings, sending: Sending): Record<string, string> {
  const key = sending.apiKey === undefined ? apiKey : sending.apiKey;
  const form = sending.body instanceof FormData || sending.body === undefined;
  return {
    ...(key === undefined || key === null ? {} : { authorization: `Bearer ${key}` }),
    ...(form ? {} : { 'content-type': 'application/json' }),
    ...sending.headers,
  };
}

/** Whatever goes wrong between here and the endpoint is an answer that did not come. */
export function noAnswer(what: string, error: unknown): Objection {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const reason = code === '' ? (cause instanceof Error ? cause.message : String(cause)) : code;
  return new Objection(
    'breaks',
    wasSent(error) ? `no answer to ${what} (${reason})` : `${what} cannot be sent (${reason})`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not every answer has to be JSON; the case that wants some says so.
    return undefined;
  }
}
