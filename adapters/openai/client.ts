/** The one place where an `openai` client is made: no hidden retries, a capped connection pool, no default key. */
import OpenAI from 'openai';
import { Agent, fetch as undiciFetch } from 'undici';
import type { SpendAccount } from '../../activities/ports/spend-account.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { bounded, mostAnswerBytes, mostFileBytes } from './answer-limits.ts';
import { hidingKey } from './hidden-key.ts';
import { payingFetch } from './paying-fetch.ts';
import { asResponse, thinFetch } from './transport.ts';

export interface EndpointAddress {
  readonly baseUrl: string;
  /** Name of the environment variable that holds the key; undefined where none is needed. */
  readonly apiKeyEnv: string | undefined;
  readonly connections: number;
  readonly timeoutSeconds: number;
  /** Longest silence within the body of an answer; undefined: only the whole deadline counts. */
  readonly stallSeconds?: number | undefined;
  /** Bytes of the longest answer that is read, decompressed; `mostAnswerBytes` where not given. */
  readonly answerBytes?: number | undefined;
  /** What pays for its requests; undefined where they are free or paid for otherwise. */
  readonly account?: SpendAccount | undefined;
}

const clients = new Map<string, OpenAI>();

/** A client per address, kept for the life of the process. Throws `EndpointRefusesKey` when the key is not set. */
export function clientFor(address: EndpointAddress): OpenAI {
  const { baseUrl, apiKeyEnv, connections, timeoutSeconds, stallSeconds, account } = address;
  const answerBytes = address.answerBytes ?? mostAnswerBytes;
  const apiKey = apiKeyEnv === undefined ? 'none-needed' : process.env[apiKeyEnv];
  if (apiKey === undefined || apiKey === '') {
    throw new BaldistillError(
      'EndpointRefusesKey',
      `The environment variable ${apiKeyEnv} is not set where the worker runs.`,
    );
  }
  const id = JSON.stringify([baseUrl, apiKeyEnv, connections, timeoutSeconds, stallSeconds, answerBytes, account?.id]);
  const known = clients.get(id);
  if (known !== undefined && known.apiKey === apiKey) return known;
  // Whole milliseconds: undici takes no others.
  const timeout = Math.ceil(timeoutSeconds * 1000);
  // undici must not give up before the client does: its own limit is 300 s and loses the error's class.
  const agent = new Agent({
    connections,
    // Before the client's own, so that a failed connection is distinguished from a missing answer.
    connectTimeout: Math.min(10_000, Math.ceil(timeout / 2)),
    headersTimeout: timeout + 10_000,
    bodyTimeout: stallSeconds === undefined ? timeout + 10_000 : Math.ceil(stallSeconds * 1000),
    keepAliveTimeout: 30_000,
  });
  const limits = { wholeMs: timeout, bytes: answerBytes };
  const send = hidingKey(
    thinFetch(agent, limits, async (url, init) => await pooled(agent, answerBytes, url, init)),
    apiKey,
  );
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey,
    maxRetries: 0,
    timeout,
    fetch: account === undefined ? send : payingFetch(send, account),
  });
  clients.set(id, client);
  return client;
}

/** `fetch` and its dispatcher have to come from the same undici. */
async function pooled(
  agent: Agent,
  answerBytes: number,
  url: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const target = url instanceof Request ? url.url : url;
  const response = asResponse(await Reflect.apply(undiciFetch, undefined, [target, { ...init, dispatcher: agent }]));
  const isFile = new URL(target).pathname.endsWith('/content');
  return bounded(response, isFile ? mostFileBytes : answerBytes);
}
