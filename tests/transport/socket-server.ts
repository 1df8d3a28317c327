/** A server that says exactly the bytes a story wants, when it wants, and keeps what it was asked. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

export interface Asked {
  readonly head: string;
  readonly body: string;
  readonly socket: Socket;
}

export interface SocketServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Connections made, all together. */
  connections(): number;
  close(): Promise<void>;
}

/** `reply` is called with each whole request, and with how many came before it. */
export async function listen(reply: (asked: Asked, before: number) => void): Promise<SocketServer> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('utf8');
      const end = received.indexOf('\r\n\r\n');
      const head = received.slice(0, end);
      const body = received.slice(end + 4);
      if (end < 0 || Buffer.byteLength(body) < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
      received = '';
      const request = { head, body, socket };
      asked.push(request);
      reply(request, asked.length - 1);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    asked,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An HTTP answer as bytes. */
export function answer(status: string, body: string | Buffer, headers: Record<string, string> = {}): Buffer {
  const bytes = Buffer.from(body);
  const all = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([Buffer.from([`HTTP/1.1 ${status}`, ...head, '', ''].join('\r\n')), bytes]);
}

export function completion(content: string): string {
  return JSON.stringify({
    choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
}
