/** Non-secret engine facts a run is started with (from temporal.yaml): recorded in its history, so that replays agree. */
import { z } from 'zod';

export const EngineSettings = z.strictObject({
  queues: z
    .strictObject({ control: z.string(), teacher: z.string(), student: z.string() })
    .default({ control: 'baldistill-control', teacher: 'baldistill-teacher', student: 'baldistill-student' }),
  /** Heartbeat timeout: after this silence an activity is scheduled on another worker. */
  heartbeatSeconds: z.number().positive().default(5),
  /** A slice of `generate` starts no new call after this. */
  sliceSeconds: z.number().positive().default(30),
  /** Longest time for a step that is not a slice (prepare, select, evaluate). */
  stepHours: z.number().positive().default(12),
  /** Longest time for one fine-tuning job. */
  fineTuneDays: z.number().positive().default(30),
  /** Chunks of a round in flight at the same time, over all workers. */
  window: z.int().min(1).max(64).default(4),
});
export type EngineSettings = z.infer<typeof EngineSettings>;
