/** Whose process is at the other end of a loopback connection. */
import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

const known = new WeakMap<Socket, boolean>();

/**
 * Whether it belongs to another user than this process and root, by the kernel's table of connections (proc(5), Linux).
 * The other end of a connection that was closed has no owner any more and counts as another's: no one waits for an
 * answer. Always false on systems without the table. Looked up once a connection.
 */
export function isOfAnotherUser(socket: Socket): boolean {
  const before = known.get(socket);
  if (before !== undefined) return before;
  const table = connections();
  const another = table !== undefined && !isOurs(table, socket);
  known.set(socket, another);
  return another;
}

function connections(): string | undefined {
  // An IPv6 socket reaches 127.0.0.1 too, where the machine has IPv6.
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].filter((path) => existsSync(path));
  return tables.length === 0 ? undefined : tables.map((path) => readFileSync(path, 'utf8')).join('\n');
}

function isOurs(table: string, { localPort = 0, remotePort = 0, remoteAddress = '' }: Socket): boolean {
  const address = hexOf(remoteAddress.replace(/^::ffff:/, ''));
  const [here, there] = [localPort, remotePort].map((port) => port.toString(16).toUpperCase().padStart(4, '0'));
  for (const line of table.split('\n')) {
    // sl, local address, remote address, state, queues, timer, retransmissions, uid, timeout, inode
    const [, local, remote, , , , , uid, , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`${address}:${there}`) !== true || remote?.endsWith(`:${here}`) !== true) continue;
    return inode !== '0' && (uid === '0' || Number(uid) === process.getuid?.());
  }
  return false;
}

/** As the kernel prints an IPv4 address: its four bytes as one number in the byte order of the machine. */
function hexOf(address: string): string {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'));
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
}
