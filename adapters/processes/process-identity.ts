/** Whether a process recorded earlier is the one that runs now: ids are used again, start times are not. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

/** When the process started, in whatever unit the system counts; undefined when it is gone or only waits to be buried. */
export function startTimeOf(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) return startTimeFromProc(pid);
  try {
    const said = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return said === '' || said.startsWith('Z') ? undefined : said.replace(/^\S+\s+/, '');
  } catch (error) {
    // ps ends with 1 where there is no such process.
    if (error instanceof Error && 'status' in error && error.status === 1) return undefined;
    throw error;
  }
}

/** Field 3 is the state and field 22 the start time; the name in field 2 may hold anything, even spaces. */
function startTimeFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

export function isAlive(process: ProcessIdentity): boolean {
  return startTimeOf(process.pid) === process.startTime;
}

/** Asks with SIGTERM, waits up to `graceMs`, then ends the process and whatever it left in its group with SIGKILL. */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (isAlive(identity)) {
    send(identity.pid, 'SIGTERM');
    // A stopped process takes no SIGTERM until it is continued.
    send(identity.pid, 'SIGCONT');
    if (!(await gone(identity, graceMs))) send(identity.pid, 'SIGKILL');
    await gone(identity, 10_000);
    // Each of ours leads a group of its own (spawned detached), so this reaches only what it started itself.
    send(-identity.pid, 'SIGKILL');
  }
}

/**
 * Asks a process that leads a group, and all of the group, with SIGTERM, waits up to `graceMs` for the group to end, then
 * ends it with SIGKILL. Works also where only the rest of the group remains.
 */
export async function endGroup({ pid, startTime }: ProcessIdentity, graceMs: number): Promise<void> {
  // 0 is our own group, and 1 every process.
  if (pid <= 1) throw new RangeError(`${pid} is no group of anybody's.`);
  const now = startTimeOf(pid);
  // An id is not given away again while a group has it: another start time is another process's group.
  if (now !== undefined && now !== startTime) return;
  send(-pid, 'SIGTERM');
  send(-pid, 'SIGCONT');
  await groupGone(pid, graceMs);
  send(-pid, 'SIGKILL');
  await groupGone(pid, 5_000);
}

async function groupGone(pid: number, withinMs: number): Promise<void> {
  for (const end = Date.now() + withinMs; Date.now() < end; await wait(25)) {
    if (!send(-pid, 0)) return;
  }
}

async function gone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (isAlive(identity)) {
    if (Date.now() >= end) return false;
    await wait(25);
  }
  return true;
}

/** False where there is no such process. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    return false;
  }
}
