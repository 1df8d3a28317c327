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
  for (const table of tables) {
    const ours = isOurs(await readFile(table, 'utf8'), socket);
    if (ours !== undefined) return !ours;
  }
  return tables.length > 0;
}

/** Undefined where the other end is not listed. */
function isOurs(table: string, { localPort = 0, remotePort = 0, remoteAddress = '' }: Socket): boolean | undefined {
  const address = hexOf(remoteAddress.replace(/^::ffff:/, ''));
  const [here, there] = [localPort, remotePort].map((port) => port.toString(16).toUpperCase().padStart(4, '0'));
  for (const line of table.split('\n')) {
    // sl, local address, remote address, state, queues, timer, retransmissions, uid, timeout, inode
    const [, local, remote, , , , , uid, , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`${address}:${there}`) !== true || remote?.endsWith(`:${here}`) !== true) continue;
    return inode !== '0' && (uid === '0' || Number(uid) === process.getuid?.());
  }
  return undefined;
}

/** As the kernel prints an IPv4 address: its four bytes as one number in the byte order of the machine. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
}
