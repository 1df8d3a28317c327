import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';

/**
 * Key of a paid call: a hash of everything its answer depends on (model, messages, parameters, sample index) and of
 * nothing else. So another run, address, concurrency limit or parser never pays for the same answer again.
 */
export function callKey(content: unknown): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
