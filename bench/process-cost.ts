/** What a process has cost so far, as Linux counts it (proc_pid_stat(5), proc_pid_status(5)). */
import { readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second on every platform that Node supports. */
const ticksPerSecond = 100;

/** CPU seconds of all threads, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** The most memory it has held at once, in MiB. */
export function peakMegabytes(pid: number): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(peak) / 1024;
}
