/**
 * The compare file (YAML): which runs make a grid. Axes at the top are the defaults of every grid under `grids`; without
 * `grids` they are the one grid there is. A cell is a run file with the axes' values put in.
 */
import { z } from 'zod';
import { longestName } from '../../domain/data/data-limits.ts';
import { methodNames } from '../../domain/methods.ts';
import { RunFile, RunName, StudentConfig } from '../run/run-file.ts';

/** Parts of run names: `,` and `=` are what joins them. */
const Label = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 'letters, digits and . _ + - only, starting with a letter or digit');

/** Slots: a whole number, or below 1 a share of the pool. */
const Amount = z.number().positive().max(10_000_000);
/** One amount for every data set, or one for each. */
const Budget = z.union([Amount, z.record(Label, Amount)]);

const Method = z.union([
  z.enum(methodNames),
  z.strictObject({
    name: Label,
    method: z.enum(methodNames),
    switches: RunFile.shape.switches,
    stages: RunFile.shape.stages.unwrap().optional(),
  }),
]);

const axes = {
  /** Names of `runs`; default all. */
  data: z.array(Label).min(1),
  methods: z.array(Method).min(1),
  /** Names of `students`; default all, or the student of the run file. */
  students: z.array(Label).min(1),
  slots: z.union([z.array(Amount).min(1), z.record(Label, Budget)]),
  stages: z.array(RunFile.shape.stages.unwrap()).min(1),
  /** A list, or a number n for the seeds 0 to n-1. */
  seeds: z.union([z.int().min(1).max(1000), z.array(RunFile.shape.seed.unwrap()).min(1)]),
};
export const Axes = z.strictObject(axes).partial();
export type Axes = z.infer<typeof Axes>;

/** A run file; or its keys written here, on top of those of `file` where that is given. */
const Base = z.union([
  z.string().min(1),
  z.looseObject({
    file: z.string().min(1).optional(),
    /** Rows of each domain, for data that are not here: to plan, not to run. */
    counts: z.record(z.string().min(1).max(longestName), z.int().positive()).optional(),
  }),
]);

export const CompareFile = z.strictObject({
  name: RunName,
  /** The method that the others are compared with. */
  baseline: Label.default('random-ft-cot'),
  /** Teacher calls of all cells together; default the sum of their own limits. */
  limit: z.int().positive().optional(),
  /** Cells that run at the same time. */
  window: z.int().min(1).max(16).default(2),
  /** What to do with more slots than the pool has rows. */
  tooLarge: z.enum(['refuse', 'cap']).default('refuse'),
  runs: z.record(Label, Base),
  ...Axes.omit({ students: true }).shape,
  students: z.record(Label, StudentConfig).optional(),
  grids: z.array(Axes).min(1).optional(),
});
export type CompareFile = z.infer<typeof CompareFile>;
