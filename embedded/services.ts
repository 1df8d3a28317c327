import type { BatchRunner } from './batches/runner.ts';
import type { Behavior } from './behavior.ts';
import type { JobRunner } from './jobs/runner.ts';
import type { Batches } from './state/batches.ts';
import type { Files } from './state/files.ts';
import type { Jobs } from './state/jobs.ts';
import type { Meter } from './state/meter.ts';
import type { StudentStore } from './students/store.ts';
import type { TeacherCatalog } from './teachers/catalog.ts';

/** What the routes work with. */
export interface Services {
  readonly behavior: Behavior;
  readonly meter: Meter;
  readonly files: Files;
  readonly jobs: Jobs;
  readonly runner: JobRunner;
  readonly batches: Batches;
  readonly batchRunner: BatchRunner;
  readonly students: StudentStore;
  readonly teachers: TeacherCatalog;
}
