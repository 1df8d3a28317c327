/**
 * Which processes are alive. A session is one opened ledger, and its process renews its lease with every beat. The session
 * is dead when its process (pid and start time) has ended on this machine, or when its lease has expired.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { SessionsTable } from './schema/schema.ts';

export const beatMs = 1000;
const leaseMs = 10_000;

/** Boot and pid namespace: a pid means nothing outside them. */
function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    // There is no /proc on macOS.
    return hostname();
  }
}

/** Start time of a process in clock ticks (proc_pid_stat(5), field 22); undefined when it has ended or is a zombie. */
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

export function sessionOfThisProcess(id: string, now: number): SessionsTable {
  return { id, host: machine(), pid: process.pid, started: startOf(process.pid) ?? '', last_seen: now };
}

export function isRunning(session: SessionsTable, now: number): boolean {
  if (now - session.last_seen > leaseMs) return false;
  if (session.host !== machine()) return true;
  return session.started === '' ? exists(session.pid) : startOf(session.pid) === session.started;
}
