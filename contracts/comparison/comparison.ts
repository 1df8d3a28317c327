/**
 * A finished comparison as one JSON document (`comparison.json`): what its Markdown, CSV and HTML are made of. Scores
 * are shares in [0, 1]. Nothing in it depends on the order in which cells ended; only `cells[].seconds` and `writtenAt`
 * differ between two computations of the same comparison.
 */
import { z } from 'zod';
import { RunStatus } from '../progress.ts';

/** `left-out`: its call limit did not fit into what was left of the comparison's own limit. `waiting`: never started. */
export const CellStatus = z.enum(['waiting', 'running', 'blocked', 'completed', 'stopped', 'failed', 'left-out']);
export type CellStatus = z.infer<typeof CellStatus>;

/** One run of the grid. `method`, `data`, `student` and `budget` are names of the compare file. */
export const ComparisonCell = z.strictObject({
  run: z.string(),
  data: z.string(),
  method: z.string(),
  student: z.string(),
  /** Labels of the budgets this cell represents: two can give the same number of slots. */
  budgets: z.array(z.string()),
  slots: z.int(),
  /** The file asked for more slots than the pool has rows, and said `tooLarge: cap`. */
  capped: z.boolean(),
  stages: z.int(),
  seed: z.int(),
  status: CellStatus,
  /** Why it has no scores; null where it has. May quote an endpoint: hostile text. */
  reason: z.string().nullable(),
  macro: z.number().nullable(),
  micro: z.number().nullable(),
  /** Mean score of the head, middle and tail domains; null where a group is empty or there are no scores. */
  groups: z.strictObject({ head: z.number().nullable(), middle: z.number().nullable(), tail: z.number().nullable() }),
  callLimit: z.int(),
  charged: z.int(),
  seconds: z.number().nullable(),
});
export type ComparisonCell = z.infer<typeof ComparisonCell>;

/** Mean and sample standard deviation over seeds; `deviation` null for one seed. */
export const Spread = z.strictObject({ mean: z.number(), deviation: z.number().nullable() });
export type Spread = z.infer<typeof Spread>;

/** Difference in macro to the baseline over the seeds both have: mean, 95 % interval, p, and p after Holm's correction. */
export const Difference = z.strictObject({
  seeds: z.int(),
  mean: z.number(),
  low: z.number(),
  high: z.number(),
  p: z.number(),
  adjusted: z.number(),
  /** `adjusted` below 0.05, and the direction. */
  verdict: z.enum(['better', 'worse', 'none']),
});
export type Difference = z.infer<typeof Difference>;

/** One method on one data set, over its seeds. */
export const Entry = z.strictObject({
  data: z.string(),
  /** Seeds with scores, of those asked. */
  seeds: z.int(),
  of: z.int(),
  macro: Spread.nullable(),
  micro: Spread.nullable(),
  /** The highest mean macro of the column. */
  best: z.boolean(),
  /** Null for the baseline itself and where there is nothing to compare. */
  difference: Difference.nullable(),
});
export type Entry = z.infer<typeof Entry>;

export const ComparisonRow = z.strictObject({
  method: z.string(),
  stages: z.int(),
  /** What to print: the method, and its stages where the block has it with several. */
  label: z.string(),
  baseline: z.boolean(),
  /** One for each data set of the comparison, in its order. */
  entries: z.array(Entry),
  /** Mean macro over the data sets that give a signal; null where one of them has no score. */
  mean: z.number().nullable(),
  best: z.boolean(),
});
export type ComparisonRow = z.infer<typeof ComparisonRow>;

/** One student with one budget: the paper's table of methods (rows) by data sets (columns). */
export const Block = z.strictObject({
  student: z.string(),
  budget: z.string(),
  /** For each data set of the comparison: slots, and whether a student beats chance by two standard errors. */
  columns: z.array(z.strictObject({ data: z.string(), slots: z.int().nullable(), signal: z.boolean().nullable() })),
  rows: z.array(ComparisonRow),
});
export type Block = z.infer<typeof Block>;

/** Macro over the number of stages, or over the slots: one line a method (Figure 4 of the paper). */
export const Curve = z.strictObject({
  over: z.enum(['stages', 'slots']),
  data: z.string(),
  student: z.string(),
  /** The budget of a curve over stages, the stages of a curve over slots; as text for a legend. */
  at: z.string(),
  method: z.string(),
  baseline: z.boolean(),
  points: z.array(z.strictObject({ x: z.int(), macro: Spread, seeds: z.int() })),
});
export type Curve = z.infer<typeof Curve>;

export const ComparisonData = z.strictObject({
  name: z.string(),
  task: z.string(),
  /** What macro is the mean of: `F1`, `accuracy`. */
  metric: z.string(),
  pool: z.int(),
  test: z.int(),
  domains: z.int(),
  /** Always the most frequent answer of the training pool, scored on the test rows; null where there are none. */
  majority: z.strictObject({ answer: z.string(), macro: z.number(), micro: z.number() }).nullable(),
});
export type ComparisonData = z.infer<typeof ComparisonData>;

export const Comparison = z.strictObject({
  version: z.literal(1),
  name: z.string(),
  status: RunStatus,
  /** Hash of the cells: the same file, resolved the same way, has the same. */
  plan: z.string(),
  writtenAt: z.string(),
  /** Name of the method that the others are compared with. */
  baseline: z.string(),
  /** The comparison's own limit of teacher calls and what its cells are charged, in this and earlier goes. */
  calls: z.strictObject({ limit: z.int(), charged: z.int() }),
  /** Parts that are not real models, for people. */
  simulated: z.array(z.string()),
  dataSets: z.array(ComparisonData),
  methods: z.array(
    z.strictObject({
      name: z.string(),
      method: z.string(),
      switches: z.record(z.string(), z.union([z.string(), z.number()])),
    }),
  ),
  blocks: z.array(Block),
  curves: z.array(Curve),
  cells: z.array(ComparisonCell),
});
export type Comparison = z.infer<typeof Comparison>;
