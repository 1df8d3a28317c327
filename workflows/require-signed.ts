import { ApplicationFailure, log } from '@temporalio/workflow';
import type { z } from 'zod';
import type { FailureType } from '../domain/failures.ts';

/**
 * Ends a workflow that was started without anything signed. Whether a signature is the owner's is for the activities to
 * say, since workflows hold no key.
 */
export function requireSigned(schema: z.ZodType, value: unknown): void {
  if (schema.safeParse(value).success) return;
  const type: FailureType = 'NotOurs';
  const message = 'This workflow was not started by baldistill: its input carries nothing signed. Nothing was done.';
  log.warn(message);
  throw ApplicationFailure.nonRetryable(message, type);
}
