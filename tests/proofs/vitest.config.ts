import { defineConfig } from 'vitest/config';

/** Slow proofs, one at a time: what they measure must not be disturbed by their own kind. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/proofs/*.proof.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
