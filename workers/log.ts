/** The worker's log on standard error, which is a file: a disk that is full must not end the worker that says so. */
import { writeSync } from 'node:fs';
import { DefaultLogger } from '@temporalio/worker';
import type { LogLevel } from '@temporalio/worker';

export function workerLog(level: LogLevel): DefaultLogger {
  // Whatever else writes there (warnings of the runtime) may fail as well.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return new DefaultLogger(level, ({ level: of, timestampNanos, message, meta }) => {
    const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
    const details = meta === undefined ? '' : ` ${JSON.stringify(meta, readable)}`;
    try {
      writeSync(2, `${time} [${of}] ${message}${details}\n`);
    } catch {
      // Nowhere to say it: the run itself is blocked with the reason.
    }
  });
}

function readable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? (value.stack ?? value.message) : value;
}
