import { z } from 'zod';

/**
 * A reference to bulk data: what travels through Temporal instead of the data. `uri` names the
 * file inside the artifact store (never an absolute path), `sha256` is the hash of its bytes, `rows` counts JSONL
 * lines (1 for a single JSON document).
 */
export const ArtifactRef = z.strictObject({
  uri: z.string().regex(/^artifact:[0-9a-f]{64}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
  rows: z.int().nonnegative(),
});
export type ArtifactRef = z.infer<typeof ArtifactRef>;
