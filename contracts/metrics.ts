import { z } from 'zod';
import type { Metrics as DomainMetrics } from '../domain/metrics/metrics.ts';

const Group = z.enum(['head', 'middle', 'tail']);

/** The metrics artifact of one evaluation; domain/metrics/metrics.ts defines the fields. */
export const Metrics = z.strictObject({
  metric: z.enum(['f1', 'accuracy', 'word-f1', 'exact-match']),
  rows: z.int().nonnegative(),
  invalid: z.int().nonnegative(),
  macro: z.number(),
  micro: z.number(),
  interval: z.strictObject({ low: z.number(), high: z.number() }),
  groups: z.array(
    z.strictObject({
      group: Group,
      domains: z.int().nonnegative(),
      rows: z.int().nonnegative(),
      macro: z.number().nullable(),
    }),
  ),
  domains: z.array(
    z.strictObject({
      domain: z.string(),
      support: z.int().nonnegative(),
      score: z.number(),
      label: z
        .strictObject({
          predicted: z.int().nonnegative(),
          correct: z.int().nonnegative(),
          precision: z.number(),
          recall: z.number(),
        })
        .nullable(),
      scored: z.boolean(),
      pool: z.int().nonnegative(),
      group: Group,
      short: z.boolean(),
    }),
  ),
  secondary: z
    .array(
      z.strictObject({
        metric: z.enum(['rouge-l', 'exact-match', 'set-f1']),
        macro: z.number(),
        micro: z.number(),
      }),
    )
    .optional(),
}) satisfies z.ZodType<DomainMetrics>;
export type Metrics = DomainMetrics;
