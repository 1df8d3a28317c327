/** The lines of every JSONL artifact, one schema a kind. */
import { z } from 'zod';

/** Of each domain, how many rows were asked to be synthesized: the ordinal of the next one. */
export const Ordinals = z.record(z.string(), z.int());

/** One normalized data row. `instruction` is what precedes the input in the prompt. */
export const Row = z.strictObject({
  id: z.string().min(1),
  domain: z.string().min(1),
  instruction: z.string(),
  input: z.string().min(1),
  answer: z.string().min(1),
  /** Options of a multiple-choice question; option i has the i-th letter. */
  choices: z.array(z.string().min(1)).optional(),
  /** Other accepted answers. */
  references: z.array(z.string().min(1)).optional(),
});
export type Row = z.infer<typeof Row>;

/**
 * What prepare counted: labels in a fixed order (none where the task has none), rows per domain and split, domains
 * without test rows.
 */
export const DomainTable = z.strictObject({
  labels: z.array(z.string()),
  /** Pool rows with each label, where the labels are not the domains. */
  labelCounts: z.record(z.string(), z.int()).optional(),
  pool: z.record(z.string(), z.int()),
  validation: z.record(z.string(), z.int()),
  test: z.record(z.string(), z.int()),
  unscored: z.array(z.string()),
});
export type DomainTable = z.infer<typeof DomainTable>;

/** One domain's part of one stage. `available`: rows left in the pool before the stage. */
export const QuotaLine = z.strictObject({
  domain: z.string(),
  quota: z.int().nonnegative(),
  available: z.int().nonnegative(),
  kind: z.enum(['head', 'tail']),
});
export type QuotaLine = z.infer<typeof QuotaLine>;

/** A real row chosen in a stage; `score` is log IFD or uncertainty where it was ranked, null where it was drawn. */
export const Selected = z.strictObject({
  id: z.string(),
  domain: z.string(),
  score: z.number().nullable(),
});
export type Selected = z.infer<typeof Selected>;

export const Message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });
export type Message = z.infer<typeof Message>;

/** `response_format` of a request as it is sent; absent where the answer is asked for as text. */
export const ResponseFormat = z.record(z.string(), z.json());

/** A slot whose real row teaches its bare answer, so that no call is made. */
export const UncalledSlot = z.strictObject({ slot: z.int().nonnegative(), domain: z.string(), rowId: z.string() });
export type UncalledSlot = z.infer<typeof UncalledSlot>;

/**
 * One slot that needs a teacher call: everything the call depends on, and nothing else. `ordinal` numbers the
 * syntheses of a domain over the whole run; it is the sample index of the call key and, with the run's seed, the
 * `seed` of the request. `verify` answers, without seeing the label, the row that an earlier round synthesized for the slot.
 */
export const PlannedCall = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('annotate'),
    slot: z.int().nonnegative(),
    domain: z.string(),
    rowId: z.string(),
    messages: z.array(Message),
    responseFormat: ResponseFormat.optional(),
  }),
  z.strictObject({
    kind: z.literal('synthesize'),
    slot: z.int().nonnegative(),
    domain: z.string(),
    ordinal: z.int().nonnegative(),
    messages: z.array(Message),
    responseFormat: ResponseFormat.optional(),
  }),
  z.strictObject({
    kind: z.literal('verify'),
    slot: z.int().nonnegative(),
    domain: z.string(),
    messages: z.array(Message),
    responseFormat: ResponseFormat.optional(),
  }),
]);
export type PlannedCall = z.infer<typeof PlannedCall>;

/** A training example that was accepted. `origin: duplicate` repeats another example and cost no call. */
export const Example = z.strictObject({
  id: z.string(),
  stage: z.int().nonnegative(),
  slot: z.int().nonnegative(),
  domain: z.string(),
  origin: z.enum(['real', 'synthetic', 'duplicate']),
  instruction: z.string(),
  input: z.string(),
  answer: z.string(),
  choices: z.array(z.string()).optional(),
  /** Teacher text without its answer line; null teaches the bare answer. */
  rationale: z.string().nullable(),
  /** Key of the paid call behind it; null where none was needed. */
  call: z.string().nullable(),
});
export type Example = z.infer<typeof Example>;

/** What became of every slot of a stage, per domain: `quota` counts those it had in the end. `dropped` counts answers by reason, `unfilled` empty slots by reason. */
export const DomainOutcome = z.strictObject({
  domain: z.string(),
  quota: z.int().nonnegative(),
  real: z.int().nonnegative(),
  synthetic: z.int().nonnegative(),
  duplicated: z.int().nonnegative(),
  unfilled: z.record(z.string(), z.int()),
  dropped: z.record(z.string(), z.int()),
});
export type DomainOutcome = z.infer<typeof DomainOutcome>;

/** One evaluated row. `predicted` is null where generation or extraction failed: such a row counts as wrong. */
export const Prediction = z.strictObject({
  id: z.string(),
  domain: z.string(),
  gold: z.string(),
  references: z.array(z.string()).optional(),
  output: z.string(),
  predicted: z.string().nullable(),
});
export type Prediction = z.infer<typeof Prediction>;
