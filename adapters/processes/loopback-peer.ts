/** Whose process is at the other end of a loopback connection. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

/** The kernel's tables of connections (proc(5), Linux). An IPv6 socket reaches 127.0.0.1 too. */
const tables = ['/proc/net/tcp', '/proc/net/tcp6'].filter((path) => existsSync(path));
const known = new WeakMap<Socket, Promise<boolean>>();

/**
 * Whether it belongs to another user than this process and root. The other end of a connection that was closed has no
 * owner any more and counts as another's: no one waits for an answer. Always false on systems without the tables.
 * Looked up once a connection, since the kernel takes milliseconds to write a table.
 */
export function isOfAnotherUser(socket: Socket): Promise<boolean> {
  const found = known.get(socket) ?? lookUp(socket);
  known.set(socket, found);
  return found;
}

async function lookUp(socket: Socket): Promise<boolean> {
  if (tables.length === 0) return false;
  const end = endsOf(socket);
  // The kernel writes a table piece by piece, and may pass over a connection when others come and go meanwhile.
  const owner = (await freshOwners()).get(end) ?? (await freshOwners()).get(end);
  return owner !== 0 && owner !== process.getuid?.();
}

/** User ids by the ends of a connection as its client has them; of connections that some process holds. */
type Owners = ReadonlyMap<string, number>;

let last: Promise<unknown> = Promise.resolve();
let waiting: Promise<Owners> | undefined;

/**
 * Owners from tables that are read after this call. Calls that come during a reading share the next one: with many closed
 * connections a reading takes the kernel a third of a second.
 */
function freshOwners(): Promise<Owners> {
  waiting ??= last.then(() => {
    waiting = undefined;
    const reading = readOwners();
    last = reading.catch(() => undefined);
    return reading;
  });
  return waiting;
}

async function readOwners(): Promise<Owners> {
  const owners = new Map<string, number>();
  for (const table of tables) {
    for (const line of (await readFile(table, 'utf8')).split('\n')) {
      // sl, local address, remote address, state, queues, timer, retransmissions, uid, timeout, inode
      const [, local = '', remote = '', , , , , uid, , inode] = line.trim().split(/\s+/);
      if (inode !== undefined && inode !== '0') owners.set(`${local.slice(-13)} ${remote.slice(-4)}`, Number(uid));
    }
  }
  return owners;
}

/** As the kernel prints them: the client's IPv4 address, the last 8 digits also of a mapped one, and port; our port. */
function endsOf({ localPort = 0, remotePort = 0, remoteAddress = '' }: Socket): string {
  const [here, there] = [localPort, remotePort].map((port) => port.toString(16).toUpperCase().padStart(4, '0'));
  return `${hexOf(remoteAddress.replace(/^::ffff:/, ''))}:${there} ${here}`;
}

/** An IPv4 address: its four bytes as one number in the byte order of the machine. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
}
