/**
 * A body that is larger than any server takes, sent so that an early refusal is read: a server that answers before it has
 * read everything closes the connection, and a client that only writes would see a reset in place of the answer.
 */
import { once } from 'node:events';
import { request as overHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as overHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { addressOf, headersOf, noAnswer } from './wire.ts';
import type { Reply, Sending, WireSettings } from './wire.ts';

const megabyte = 1024 * 1024;
/** How long a refusal by the length alone may take, before the body follows. */
const headStartMs = 500;

export async function sendTooMuch(settings: WireSettings, path: string, megabytes: number): Promise<Reply> {
  const sending: Sending = { method: 'POST', path, body: '' };
  const url = addressOf(settings, sending);
  const start = Buffer.from('{"model": "');
  const size = start.length + megabytes * megabyte;
  const headers = { ...headersOf(settings, sending), 'content-length': String(size), connection: 'close' };
  const send = new URL(url).protocol === 'https:' ? overHttps : overHttp;
  const outgoing = send(url, { method: 'POST', headers, signal: AbortSignal.timeout(settings.timeoutMs) });
  let failure: unknown;
  const answered = new Promise<IncomingMessage | undefined>((resolve) => {
    outgoing.once('response', resolve);
    outgoing.on('error', (error) => {
      failure = error;
      resolve(undefined);
    });
  });
  const over = new AbortController();
  void answered.then(() => over.abort());
  outgoing.write(start);
  await Promise.race([answered, pause(headStartMs)]);
  const piece = Buffer.alloc(megabyte, 'x');
  for (let sent = 0; !over.signal.aborted && sent < megabytes; sent += 1) {
    if (!outgoing.write(piece)) await Promise.race([answered, once(outgoing, 'drain')]);
  }
  if (!over.signal.aborted) outgoing.end();
  const response = await answered;
  if (response === undefined) throw noAnswer(`POST ${path} of ${megabytes} MB`, failure);
  const body = await text(response);
  outgoing.destroy();
  const { statusCode: status = 0 } = response;
  return { status, contentType: response.headers['content-type'] ?? '', text: body, json: jsonOf(body) };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The case says what it expected in place of this.
    return undefined;
  }
}
