/** A comparison with every choice made: what its workflow works through. An artifact, since it may hold hundreds of runs. */
import { z } from 'zod';
import { RunSpec } from '../run/run-file.ts';
import { Prepared } from '../stage.ts';

/** A run of the grid. `data`, `method`, `student` and `budgets` are names of the compare file. */
export const PlannedRun = z.strictObject({
  spec: RunSpec,
  data: z.string(),
  method: z.string(),
  student: z.string(),
  budgets: z.array(z.string()),
  capped: z.boolean(),
});
export type PlannedRun = z.infer<typeof PlannedRun>;

export const ComparisonPlan = z.strictObject({
  name: z.string(),
  baseline: z.string(),
  /** Budgets in the order of the file, which is that of the blocks. */
  budgets: z.array(z.string()),
  dataSets: z.array(z.strictObject({ name: z.string(), prepared: Prepared })),
  runs: z.array(PlannedRun).max(500),
});
export type ComparisonPlan = z.infer<typeof ComparisonPlan>;
