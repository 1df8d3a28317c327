/**
 * Which processes are alive. A session is one opened ledger; it is dead when its process (pid and start time) is gone
 * from this machine, or when it has not said that it lives for `silenceMs`: a stopped process holds nobody up.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Kysely } from 'kysely';
import type { Executor } from './prepared.ts';
import type { Schema, SessionsTable } from './schema/schema.ts';
import type { Statements } from './statements.ts';

export const beatMs = 1000;
export const silenceMs = 10_000;

/** Boot and pid namespace: a pid means nothing outside them. */
function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // No /proc (macOS): the name is what there is.
    return hostname();
  }
}

/** Start time of a process in clock ticks (proc_pid_stat(5), field 22); undefined when it is gone or a zombie. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

export async function openSession(database: Kysely<Schema>, id: string, now: number): Promise<void> {
  const row = { id, host: machine(), pid: process.pid, started: startOf(process.pid) ?? '', last_seen: now };
  await database.insertInto('sessions').values(row).execute();
}

/** Whether the session still has a process that will end its open calls. '' is nobody's. */
export async function isAlive(executor: Executor, statements: Statements, id: string, now: number): Promise<boolean> {
  if (id === '') return false;
  const [session] = await statements.session(executor, { id });
  return session !== undefined && lives(session, now);
}

function lives(session: SessionsTable, now: number): boolean {
  if (now - session.last_seen > silenceMs) return false;
  if (session.host !== machine()) return true;
  return session.started === '' ? exists(session.pid) : startOf(session.pid) === session.started;
}
