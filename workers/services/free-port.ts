/** Ports of the loopback interface. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** No well-known service listens from here on, and no root is needed. */
const lowest = 10_000;

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
  const port = (await keptPort(firstEphemeral())) ?? (await listenOnce(0));
  if (port === undefined) throw new Error('No port of 127.0.0.1 is free.');
  return port;
}

/**
 * A port below those that the kernel hands out by itself: any connection that goes out may get one of those, in the
 * moment before our process listens on it or while it is restarted. Undefined where there are too few below.
 */
async function keptPort(ceiling: number): Promise<number | undefined> {
  if (ceiling < 2 * lowest) return undefined;
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = await listenOnce(randomInt(lowest, ceiling));
    if (port !== undefined) return port;
  }
  return undefined;
}

/** The first port of the kernel's own range: proc(5) on Linux; other systems start higher than Linux does. */
function firstEphemeral(): number {
  try {
    const [first = ''] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/);
    return Number.parseInt(first, 10);
  } catch {
    return 32_768;
  }
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
