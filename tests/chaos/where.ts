/** Where the parts of a chaos run are: written by the driver, read by its workers. */
import { z } from 'zod';
import { TemporalConfig } from '../../workers/temporal-config.ts';

export const Where = z.strictObject({
  name: z.string(),
  home: z.string(),
  bundles: z.string(),
  /** Of the Temporal server. */
  address: z.string(),
  sliceSeconds: z.number(),
  teacher: z.strictObject({ url: z.string(), pid: z.int() }),
});
export type Where = z.infer<typeof Where>;

export function configOf(name: string, sliceSeconds: number): TemporalConfig {
  const queue = (kind: string, concurrency: number) => ({ name: `${name}-${kind}`, concurrency });
  return TemporalConfig.parse({
    taskQueues: { control: queue('control', 16), teacher: queue('teacher', 8), student: queue('student', 4) },
    timeouts: { heartbeatSeconds: 2, sliceSeconds },
  });
}
