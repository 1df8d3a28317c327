/** What goes in and out of a comparison: its start, its activities, its query. References and counts, never runs by the hundred. */
import { z } from 'zod';
import { ArtifactRef } from '../artifact.ts';
import { CellStatus } from './comparison.ts';
import { EngineSettings } from '../engine.ts';
import { Blocked, RunStatus } from '../progress.ts';
import { RunName } from '../run/run-file.ts';
import { Signature } from '../signed/signature.ts';
import { SignedRun } from '../signed/signed-run.ts';

/** A cell that is open or in trouble. `reason` may quote an endpoint. */
export const CellNote = z.strictObject({ run: z.string(), status: CellStatus, reason: z.string().nullable() });
export type CellNote = z.infer<typeof CellNote>;

/** The state of every cell, with a short reason for those in trouble (the first 300). */
export const Outcomes = z.strictObject({
  statuses: z.array(CellStatus),
  reasons: z.array(z.strictObject({ index: z.int(), reason: z.string() })),
});
export type Outcomes = z.infer<typeof Outcomes>;

/** What one execution of the workflow hands to the next (continue-as-new). */
export const CompareMemory = Outcomes.extend({
  charged: z.array(z.int()),
  blocked: z.array(z.strictObject({ index: z.int(), run: z.string(), again: z.boolean() })),
  /** Runs of failed, stopped and left-out cells, for people; an earlier version handed on none. */
  names: z.array(z.strictObject({ index: z.int(), run: z.string() })).optional(),
  startedAt: z.number(),
  paused: z.boolean(),
  stopping: z.boolean(),
});
export type CompareMemory = z.infer<typeof CompareMemory>;

/** A comparison as its owner signed it: name, plan and limits. */
export const SignedComparison = z.strictObject({
  name: RunName,
  /** `ComparisonPlan`, JSON. */
  plan: ArtifactRef,
  cells: z.int(),
  limit: z.int(),
  window: z.int(),
  signature: Signature,
});
export type SignedComparison = z.infer<typeof SignedComparison>;

/** What the workflow `compare` is started with; its workflow id is the comparison's name. */
export const CompareInput = z.strictObject({
  comparison: SignedComparison,
  searchAttributes: z.boolean(),
  engine: EngineSettings,
  memory: CompareMemory.optional(),
});
export type CompareInput = z.infer<typeof CompareInput>;

export const CompletedCell = z.strictObject({ index: z.int(), charged: z.int() });
export type CompletedCell = z.infer<typeof CompletedCell>;

export const NextCellRequest = z.strictObject({
  comparison: SignedComparison,
  index: z.int(),
  /** Cells that are running or blocked: their whole limits are spoken for. */
  open: z.array(z.int()),
});
export type NextCellRequest = z.infer<typeof NextCellRequest>;

/** `wait`: it may fit once a cell that runs has ended for less than its limit. */
export const NextCell = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('start'), run: SignedRun, summary: z.string(), details: z.string() }),
  z.strictObject({ kind: z.literal('completed'), charged: z.int() }),
  z.strictObject({ kind: z.literal('wait') }),
  z.strictObject({ kind: z.literal('left-out'), run: z.string(), reason: z.string() }),
]);
export type NextCell = z.infer<typeof NextCell>;

/** A run seen from outside: over, or going on and blocked or not. */
export const RunSeen = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('open'), blocked: Blocked.nullable() }),
  z.strictObject({ kind: z.literal('closed'), status: RunStatus, reason: z.string().nullable(), charged: z.int() }),
]);
export type RunSeen = z.infer<typeof RunSeen>;

export const SteerRequest = z.strictObject({
  comparison: SignedComparison,
  runs: z.array(z.string()),
  action: z.enum(['pause', 'resume', 'cancel']),
});
export type SteerRequest = z.infer<typeof SteerRequest>;

export const AwaitRunRequest = z.strictObject({ comparison: SignedComparison, run: z.string(), blocked: z.boolean() });
export type AwaitRunRequest = z.infer<typeof AwaitRunRequest>;

export const ComparisonReportInput = z.strictObject({
  comparison: SignedComparison,
  status: RunStatus,
  outcomes: Outcomes,
});
export type ComparisonReportInput = z.infer<typeof ComparisonReportInput>;

const count = z.int().nonnegative();

/** The query `comparison`: counts, and the cells that are running or in trouble, at most 20 of each. */
export const ComparisonProgress = z.strictObject({
  name: z.string(),
  plan: z.string(),
  status: RunStatus,
  /** Its own trouble, or that of its cells once nothing else goes on. */
  blocked: z.strictObject({ message: z.string(), remedy: z.string() }).nullable(),
  cells: count,
  counts: z.record(CellStatus, count),
  open: z.array(CellNote),
  trouble: z.array(CellNote),
  startedAt: z.number(),
  window: z.int(),
  /** Mean over the cells that ended since the start; null before the first. */
  secondsPerCell: z.number().nullable(),
  /** Teacher calls of the cells that have ended. */
  charged: count,
  limit: z.int(),
});
export type ComparisonProgress = z.infer<typeof ComparisonProgress>;

export const ComparisonResult = z.strictObject({
  name: z.string(),
  status: RunStatus,
  folder: z.string(),
  counts: z.record(CellStatus, count),
});
export type ComparisonResult = z.infer<typeof ComparisonResult>;
