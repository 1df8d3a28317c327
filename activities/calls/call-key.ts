import { createHash } from 'node:crypto';
import { canonicalJson } from '../../domain/canonical-json.ts';

/**
 * Key of a paid call: a hash of what its answer depends on (model, messages, parameters, sample index), and of
 * nothing else, so that another run, address, concurrency or parser never pays twice.
 */
export function callKey(content: unknown): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
