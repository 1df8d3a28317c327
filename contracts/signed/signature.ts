import { z } from 'zod';

/** HMAC-SHA256 (RFC 2104) in hexadecimal, and the first 8 digits of the SHA-256 of the key it was made with. */
export const Signature = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{8}$/),
  mac: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Signature = z.infer<typeof Signature>;
