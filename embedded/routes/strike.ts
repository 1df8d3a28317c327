/** What a struck call gets instead of its answer. */
import type { FastifyReply } from 'fastify';
import { errorBody } from '../api-error.ts';
import type { Fault } from '../behavior.ts';

/** `body`: the answer that was billed; undefined where the fault struck before that. `last`: the answer before it. */
export function strike(fault: Fault, body: unknown, last: unknown, reply: FastifyReply): unknown {
  const { status } = fault;
  if (typeof status === 'number') {
    const error = fault.body ?? errorBody(status, 'A fault was injected here.', 'injected_fault');
    return reply.code(status).headers(fault.headers).send(error);
  }
  if (status === 'repeat') return last ?? body;
  if (status === 'late') return body;
  const text = JSON.stringify(body ?? {});
  const half = text.slice(0, text.length / 2);
  if (status === 'half-json') return reply.type('application/json').send(half);
  reply.hijack();
  const { raw } = reply;
  if (status === 'reset-body' || status === 'stall-body') {
    raw.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    raw.write(half, () => {
      if (status === 'reset-body') raw.socket?.resetAndDestroy();
    });
  } else if (status === 'reset') {
    raw.socket?.resetAndDestroy();
  }
  return reply;
}
