import { createHash } from 'node:crypto';

/**
 * Key of a paid call: a hash of what its answer depends on (model, messages, parameters, sample index), and of
 * nothing else, so that another run, address, concurrency or parser never pays twice (DESIGN section 4).
 */
export function callKey(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
