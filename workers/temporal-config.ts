/** `temporal.yaml`: the engine facts that are no secret, checked as strictly as a run file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AllowLists } from '../adapters/owner/permissions.ts';
import { formatProblems } from '../adapters/run-file/problem.ts';
import { schemaProblems } from '../adapters/run-file/schema-problems.ts';
import { readYaml } from '../adapters/run-file/yaml-source.ts';
import { EngineSettings } from '../contracts/engine.ts';
import { BaldistillError } from '../domain/failures.ts';
import { repository } from './services/home.ts';

const Queue = z.strictObject({
  name: z.string().min(1),
  /** Activities that one worker runs at the same time. */
  concurrency: z.int().min(1).max(1000),
});
const Port = z.int().min(0).max(65_535);
const { heartbeatSeconds, sliceSeconds, stepHours, fineTuneDays, window } = EngineSettings.shape;

export const TemporalConfig = z.strictObject({
  namespace: z.string().min(1).default('default'),
  taskQueues: z.strictObject({ control: Queue, teacher: Queue, student: Queue }).default({
    control: { name: 'baldistill-control', concurrency: 16 },
    teacher: { name: 'baldistill-teacher', concurrency: 8 },
    student: { name: 'baldistill-student', concurrency: 4 },
  }),
  /** False where the namespace may not take new search attributes. */
  searchAttributes: z.boolean().default(true),
  timeouts: z.strictObject({ heartbeatSeconds, sliceSeconds, stepHours, fineTuneDays }).prefault({}),
  window,
  /** Prometheus metrics of each worker, on the loopback interface. Port 0 takes a free one. */
  metrics: z.strictObject({ enabled: z.boolean().default(true), port: Port.default(0) }).prefault({}),
  /** What runs may do on this machine beside what its own CLI registered when it started them. */
  permissions: AllowLists.prefault({}),
  /** Ports: 0 takes a free one. Retention: how long finished runs stay in the UI. */
  devServer: z
    .strictObject({
      port: Port.default(0),
      uiPort: Port.default(0),
      retentionHours: z.int().min(24).max(87_600).default(720),
    })
    .prefault({}),
});
export type TemporalConfig = z.infer<typeof TemporalConfig>;

/** Throws `BaldistillError` `InvalidInput` with every problem of the file in its message. */
export function loadTemporalConfig(path: string = join(repository, 'temporal.yaml')): TemporalConfig {
  const reading = readYaml(readFileSync(path, 'utf8'));
  if (!reading.ok) throw new BaldistillError('InvalidInput', formatProblems(path, reading.problems));
  const { value, lineOf } = reading.source;
  const problems = schemaProblems(TemporalConfig, value ?? {}, lineOf);
  if (problems.length > 0) throw new BaldistillError('InvalidInput', formatProblems(path, problems));
  return TemporalConfig.parse(value ?? {});
}

/** What of it a run is started with, so that its history holds it. */
export function engineSettings(config: TemporalConfig): EngineSettings {
  const { control, teacher, student } = config.taskQueues;
  const queues = { control: control.name, teacher: teacher.name, student: student.name };
  return { queues, ...config.timeouts, window: config.window };
}
