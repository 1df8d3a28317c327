import type { BatchRunner } from './batches/runner.ts';
import type { Behaviour } from './behavior.ts';
import type { JobRunner } from './jobs/runner.ts';
import type { Batches } from './state/batches.ts';
import type { Files } from './state/files.ts';
import type { Jobs } from './state/jobs.ts';
import type { Meter } from './state/meter.ts';
import type { StudentStore } from './students/store.ts';
import type { TeacherCatalogue } from './teachers/catalogue.ts';

/** What the routes work with. */
export interface Services {
  readonly behaviour: Behaviour;
  readonly meter: Meter;
  readonly files: Files;
  readonly jobs: Jobs;
  readonly runner: JobRunner;
  readonly batches: Batches;
  readonly batchRunner: BatchRunner;
  readonly students: StudentStore;
  readonly teachers: TeacherCatalogue;
}
