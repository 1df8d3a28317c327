/**
 * The measuring stick: the same calls without an engine, a ledger or any promise, in a process of its own. A call that
 * is refused or broken is made again at once, so that every loop ends with as many whole answers.
 */
import { parseArgs } from 'node:util';
import OpenAI, { APIError } from 'openai';
import { Agent, fetch as undiciFetch } from 'undici';
import { z } from 'zod';
import { messagesOf } from './prompts.ts';

const { values } = parseArgs({
  options: {
    client: { type: 'string' },
    url: { type: 'string' },
    inFlight: { type: 'string' },
    calls: { type: 'string' },
  },
});
const { client, url, inFlight, calls } = z
  .object({
    client: z.enum(['undici', 'openai']),
    url: z.string(),
    inFlight: z.coerce.number(),
    calls: z.coerce.number(),
  })
  .parse(values);

const Answer = z.object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1) });
const agent = new Agent({ connections: inFlight });

/** `undici.request`, the thinnest client; true for a whole answer. */
async function askUndici(body: object): Promise<boolean> {
  const { statusCode, body: answer } = await agent.request({
    origin: new URL(url).origin,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return statusCode === 200 && Answer.safeParse(parsed(text)).success;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const openai = new OpenAI({
  baseURL: url,
  apiKey: 'none',
  maxRetries: 0,
  fetch: async (target, init): Promise<Response> => {
    const request = { ...init, dispatcher: agent };
    const response: unknown = await Reflect.apply(undiciFetch, undefined, [target, request]);
    if (!isResponse(response)) throw new TypeError('no response');
    return response;
  },
});

/** The package as people use it: over undici's `fetch`, with a capped pool. */
async function askOpenAi(body: object): Promise<boolean> {
  try {
    return Answer.safeParse(await openai.post('/chat/completions', { body })).success;
  } catch (error) {
    // Refused (429, 500) or no JSON; anything else is a fault of the benchmark.
    if (error instanceof APIError || error instanceof SyntaxError) return false;
    throw error;
  }
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'headers' in value;
}

const ask = client === 'undici' ? askUndici : askOpenAi;
let next = 0;

async function lane(): Promise<void> {
  for (let index = next++; index < calls; index = next++) {
    const body = { model: 'bench', messages: messagesOf(index), max_tokens: 256 };
    while (!(await ask(body)));
  }
}

process.send?.({ ready: true });
process.once('message', () => {
  void Promise.all(Array.from({ length: inFlight }, lane)).then(() => process.send?.({ done: true }));
});
