/**
 * Every HTTP request that makes a student write or score is paid from the account, each attempt separately: reserved
 * before it leaves, settled by the usage in its answer. Below the client, so that no request gets past it.
 */
import { z } from 'zod';
import type { Payment, SpendAccount } from '../../activities/ports/spend-account.ts';
import { templateAllowance } from '../../domain/budget/cost.ts';
import { wasSent } from './errors.ts';
import type { Send } from './transport.ts';
import { TokenCount } from './usage.ts';

const neverBilled = new Set([503, 529]);
const maybeBilled = new Set([408, 409]);

const Body = z.object({
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  prompt: z.unknown().optional(),
});
/** A usage that is no count of tokens is none: then the worst case stays charged. */
const Answer = z.object({ usage: z.object({ prompt_tokens: TokenCount, completion_tokens: TokenCount.nullish() }) });

export function payingFetch(send: Send, account: SpendAccount): Send {
  return async (url, init) => {
    const bound = boundOf(url, init);
    if (bound === undefined) return await send(url, init);
    const payment = await account.reserve(bound);
    let response: Response;
    let text: string;
    try {
      response = await send(url, init);
      text = await response.text();
    } catch (error) {
      if (wasSent(error)) await payment.forfeit('no_answer');
      else await payment.refund('not_sent');
      throw error;
    }
    await end(payment, response.status, text);
    const type = response.headers.get('content-type') ?? 'application/json';
    const headers = new Headers({ 'content-type': type });
    for (const name of ['retry-after', 'retry-after-ms']) {
      const value = response.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    return new Response(text, { status: response.status, headers });
  };
}

async function end(payment: Payment, status: number, text: string): Promise<void> {
  if (status < 400) {
    await payment.settle(usageOf(text));
  } else if (neverBilled.has(status) || (status < 500 && !maybeBilled.has(status))) {
    await payment.refund(`http_${status}`);
  } else {
    await payment.forfeit(`http_${status}`);
  }
}

function usageOf(text: string): { inputTokens: number; outputTokens: number } | null {
  const usage = Answer.safeParse(parsed(text)).data?.usage;
  return usage === undefined ? null : { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens ?? 0 };
}

/** The most tokens a request may be billed for; undefined for one that makes no model work. */
function boundOf(
  url: string | URL | Request,
  init: RequestInit | undefined,
): { inputTokens: number; outputTokens: number } | undefined {
  const target = url instanceof Request ? url.url : url.toString();
  if (!new URL(target).pathname.endsWith('/completions') || typeof init?.body !== 'string') return undefined;
  const body = Body.safeParse(parsed(init.body)).data ?? {};
  const prompts = Array.isArray(body.prompt) && typeof body.prompt[0] !== 'number' ? body.prompt.length : 1;
  const written = body.max_completion_tokens ?? body.max_tokens ?? 0;
  // No tokenizer makes more tokens than there are bytes; token ids are longer than a byte each.
  const inputTokens = Buffer.byteLength(init.body) + templateAllowance.request * prompts;
  return { inputTokens, outputTokens: written * prompts };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
