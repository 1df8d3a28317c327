/**
 * The teacher of the benchmark: an OpenAI-shaped endpoint that does as little as one can, in a process of its own, so
 * that what is measured is the client. `PUT /bench` sets how it behaves and starts its counts again; `GET /bench` reads
 * them. Faults are drawn from a seeded sequence: the same run meets the same ones.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Behavior } from './behavior.ts';
import type { Counts } from './behavior.ts';
import { seededRandom } from '../domain/random.ts';

const text =
  'The passage names the subject in its first words and explains it in the rest, which is what this kind of text does. ' +
  'Nothing else in it points to another topic, so the first sign decides.\nThe answer is: topic-0';
const answer = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'bench',
    choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 90, completion_tokens: 60, total_tokens: 150 },
  }),
);
const half = answer.subarray(0, answer.length / 2);
const limited = Buffer.from(JSON.stringify({ error: { message: 'slow down', code: 'rate_limit_exceeded' } }));
const broken = Buffer.from(JSON.stringify({ error: { message: 'something broke', code: 'server_error' } }));

let behavior: Behavior = Behavior.parse({});
let counts: Counts = fresh();
let random = seededRandom(0, 'bench');

function fresh(): Counts {
  return { requests: 0, answered: 0, inFlight: 0, mostInFlight: 0, firstAt: null, lastAt: null };
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === '/bench') {
    void configure(request, response);
    return;
  }
  counts.firstAt ??= Date.now();
  counts.requests += 1;
  counts.inFlight += 1;
  counts.mostInFlight = Math.max(counts.mostInFlight, counts.inFlight);
  const { latencyMs, jitter, faults } = behavior;
  const delay = latencyMs * (1 + jitter * (2 * random.next() - 1));
  const luck = faults ? random.next() * 100 : 100;
  request.on('end', () => {
    if (delay > 0) setTimeout(reply, delay, response, luck);
    else reply(response, luck);
  });
  request.resume();
});

function reply(response: ServerResponse, luck: number): void {
  counts.inFlight -= 1;
  if (luck < 2) return send(response, 429, limited, { 'retry-after-ms': '20' });
  if (luck < 3) return send(response, 500, broken);
  if (luck < 4) return send(response, 200, half);
  counts.answered += 1;
  counts.lastAt = Date.now();
  send(response, 200, answer);
}

function send(response: ServerResponse, status: number, body: Buffer, more: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length, ...more });
  response.end(body);
}

async function configure(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  if (request.method === 'PUT') {
    behavior = Behavior.parse(JSON.parse(body));
    counts = fresh();
    random = seededRandom(0, 'bench');
  }
  send(response, 200, Buffer.from(JSON.stringify(counts)));
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The endpoint of the benchmark has no port.');
  process.send?.({ ready: true, port: address.port });
});
process.on('SIGTERM', () => server.close(() => process.exit(0)).closeAllConnections());
