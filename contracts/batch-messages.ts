/** What the workflow of a stage and the activities of batch mode say to each other. */
import { z } from 'zod';
import { ArtifactRef } from './artifact.ts';
import { BudgetCopy, DomainProgress, LedgerPin } from './progress.ts';
import { RunSpec } from './run/run-file.ts';
import { Connected } from './stage.ts';

/** A sealed batch; `id` is the ledger's, and the key it has at the endpoint. `tokens` is an estimate of its input. */
export const BatchRef = z.strictObject({ id: z.string(), lines: z.int(), tokens: z.int() });
export type BatchRef = z.infer<typeof BatchRef>;

const About = { spec: RunSpec, connected: Connected };

/** Some chunks of a round; without any, the answer lists the batches that are already under way. */
export const GatherInput = z.strictObject({
  ...About,
  stage: z.int(),
  round: z.int(),
  chunks: z.array(ArtifactRef),
});
export type GatherInput = z.infer<typeof GatherInput>;

/** The states of the slots of these chunks, and every open batch of the round. `waiting`: another run is paying for the call. */
export const Gathered = z.strictObject({
  batches: z.array(BatchRef),
  answered: z.int(),
  empty: z.int(),
  waiting: z.int(),
  domains: z.array(DomainProgress.omit({ quota: true })),
  budget: BudgetCopy,
  ledger: LedgerPin,
});
export type Gathered = z.infer<typeof Gathered>;

export const SubmitInput = z.strictObject({ ...About, batch: BatchRef });
export type SubmitInput = z.infer<typeof SubmitInput>;

/** A batch as it is called at the endpoint. */
export const SubmittedBatch = z.strictObject({ batch: BatchRef, remote: z.string() });
export type SubmittedBatch = z.infer<typeof SubmittedBatch>;

/** `done`: lines that the workflow knows to be done; the activity returns when more are. */
export const AwaitBatchInput = z.strictObject({ ...About, submitted: SubmittedBatch, done: z.int() });
export type AwaitBatchInput = z.infer<typeof AwaitBatchInput>;

export const BatchSeen = z.strictObject({ ended: z.boolean(), done: z.int() });
export type BatchSeen = z.infer<typeof BatchSeen>;

/** `cancelled`: we asked the endpoint to cancel it, so the cancellation is not reported as a failure. */
export const SettleBatchInput = z.strictObject({ ...About, submitted: SubmittedBatch, cancelled: z.boolean() });
export type SettleBatchInput = z.infer<typeof SettleBatchInput>;

/** `full`: it did not start, for the endpoint has too many tokens enqueued. */
export const SettledBatch = z.strictObject({
  answered: z.int(),
  full: z.boolean(),
  budget: BudgetCopy,
  ledger: LedgerPin,
});
export type SettledBatch = z.infer<typeof SettledBatch>;

export const CancelBatchesInput = z.strictObject(About);
export type CancelBatchesInput = z.infer<typeof CancelBatchesInput>;
