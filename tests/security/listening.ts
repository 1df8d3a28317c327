/** Listening TCP sockets of a process, and HTTP requests with headers that `fetch` does not let one set. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';

export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** From /proc (proc(5), Linux): the process's sockets among those that listen. */
export function listeningSockets(pid: number): readonly Listening[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode ?? ''))
      .map(([, local = '']) => {
        const [host = '', port = ''] = local.split(':');
        return { host: addressOf(host), port: Number.parseInt(port, 16) };
      }),
  );
}

/** A descriptor may be closed between the listing and the look. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Little-endian hexadecimal, as the kernel writes it; IPv6 is only distinguished. */
function addressOf(hex: string): string {
  if (hex.length !== 8) return `[${hex}]`;
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly cookies: readonly string[];
}

/** Undefined where nothing answers in HTTP within two seconds. */
export async function rawRequest(
  { host, port }: Listening,
  asked: { method?: string; path: string; headers: Record<string, string>; body?: string },
): Promise<RawAnswer | undefined> {
  return await new Promise((resolve) => {
    const sent = request(
      { host, port, method: asked.method ?? 'GET', path: asked.path, headers: asked.headers, timeout: 2000 },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text, cookies: answer.headers['set-cookie'] ?? [] }),
        );
        answer.on('error', () => resolve(undefined));
      },
    );
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end(asked.body);
  });
}
