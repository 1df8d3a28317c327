/** The embedded endpoint behind a proxy that changes one answer: it shows that a check can fail. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { startServer } from '../embedded/support.ts';

type Json = Record<string, unknown>;

export interface Fault {
  /** Changes the JSON of a request before it is passed on. */
  readonly ask?: (body: Json, path: string) => Json;
  /** Changes the JSON of an answer before it is passed back; `asked` is what was asked. */
  readonly answer?: (body: Json, path: string, asked: Json) => Json;
  /** Changes what is no JSON: headers in, text out. */
  readonly headers?: (headers: Record<string, string>) => Record<string, string>;
  readonly words?: (text: string, status: number) => string;
  readonly path?: (path: string) => string;
  readonly status?: (status: number, path: string, asked: Json) => number;
}

export const apiKey = 'sk-the-right-key-0123';
const Body = z.record(z.string(), z.unknown());

/** Address of a faulty endpoint in front of a server that takes `apiKey`, its own where none is given; it ends with the test. */
export async function startLiar(fault: Fault, before?: string): Promise<string> {
  const origin = before ?? (await startServer({ apiKey })).origin;
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { status, type, words } = await passOn(origin, incoming, fault);
      outgoing.writeHead(status, { 'content-type': type }).end(words);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
}

async function passOn(
  origin: string,
  incoming: IncomingMessage,
  fault: Fault,
): Promise<{ status: number; type: string; words: string }> {
  const path = incoming.url ?? '/';
  const type = incoming.headers['content-type'];
  const key = incoming.headers['idempotency-key'];
  const given = await text(incoming);
  const asked = parsed(given);
  const headers = {
    ...(incoming.headers.authorization === undefined ? {} : { authorization: incoming.headers.authorization }),
    ...(type === undefined ? {} : { 'content-type': type }),
    ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
  };
  const method = incoming.method ?? 'GET';
  const response = await fetch(origin + (fault.path?.(path) ?? path), {
    method,
    headers: fault.headers?.(headers) ?? headers,
    ...(method === 'POST' ? { body: asked && fault.ask ? JSON.stringify(fault.ask(asked, path)) : given } : {}),
  });
  const said = await response.text();
  const json = parsed(said);
  const answered = json && fault.answer ? JSON.stringify(fault.answer(json, path, asked ?? {})) : said;
  return {
    status: fault.status?.(response.status, path, asked ?? {}) ?? response.status,
    type: response.headers.get('content-type') ?? 'application/json',
    words: fault.words?.(answered, response.status) ?? answered,
  };
}

function parsed(words: string): Json | undefined {
  try {
    return Body.safeParse(JSON.parse(words)).data;
  } catch {
    return undefined;
  }
}

const Choices = z.looseObject({ choices: z.array(Body) });
const Logprobs = z.looseObject({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number().nullable()),
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()),
});
export type Logprobs = z.infer<typeof Logprobs>;

/** Changes the choices of an answer that has some. */
export function choices(change: (choices: Json[], asked: Json) => Json[]): Fault {
  return {
    answer(body, _path, asked) {
      const read = Choices.safeParse(body).data;
      return read === undefined ? body : { ...body, choices: change(read.choices, asked) };
    },
  };
}

/** Changes the log probabilities of text completions. */
export function logprobs(change: (logprobs: Logprobs, asked: Json) => Json): Fault {
  return choices((list, asked) =>
    list.map((choice) => {
      const read = Logprobs.safeParse(choice['logprobs']).data;
      return read === undefined ? choice : { ...choice, logprobs: change(read, asked) };
    }),
  );
}

export function without(...names: readonly string[]): (body: Json) => Json {
  return (body) => Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}
