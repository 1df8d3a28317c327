/** Ports of the loopback interface. */
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * `wanted` if it can be listened on, else any free port. A port that was ours is waited for: a process that was
 * killed is gone before all of its sockets are.
 */
export async function freePort(wanted = 0): Promise<number> {
  const end = wanted > 0 ? Date.now() + 2000 : 0;
  while (Date.now() < end) {
    if ((await listenOnce(wanted)) !== undefined) return wanted;
    await wait(50);
  }
  const port = await listenOnce(0);
  if (port === undefined) throw new Error('No port of 127.0.0.1 is free.');
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
