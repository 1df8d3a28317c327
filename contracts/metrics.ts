import { z } from 'zod';
import type { Metrics as DomainMetrics } from '../domain/metrics.ts';

const Group = z.enum(['head', 'middle', 'tail']);

/** The metrics artifact of one evaluation; what the fields mean stands in domain/metrics.ts. */
export const Metrics = z.strictObject({
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
      predicted: z.int().nonnegative(),
      correct: z.int().nonnegative(),
      precision: z.number(),
      recall: z.number(),
      f1: z.number(),
      scored: z.boolean(),
      pool: z.int().nonnegative(),
      group: Group,
      short: z.boolean(),
    }),
  ),
}) satisfies z.ZodType<DomainMetrics>;
export type Metrics = DomainMetrics;
