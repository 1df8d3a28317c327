/** Many small sets of 32-bit numbers packed into few large arrays: a million of them without a million objects. */

const blockLength = 1 << 20;

export interface GramStore {
  /** Keeps a copy; the first set has number 0. */
  add(set: Uint32Array): void;
  /** A view of one set, not to be changed. */
  get(index: number): Uint32Array;
  sizeOf(index: number): number;
  /** Number of sets. */
  readonly count: number;
  /** Number of grams in all sets. */
  readonly total: number;
}

export function createGramStore(): GramStore {
  const blocks: Uint32Array[] = [];
  let block = new Uint32Array();
  let used = 0;
  const blockOf: number[] = [];
  const starts: number[] = [];
  const sizes: number[] = [];
  let total = 0;
  return {
    add(set) {
      if (used + set.length > block.length) {
        // The first block stays small for small jobs.
        const length = blocks.length === 0 ? 1 << 12 : blockLength;
        block = new Uint32Array(Math.max(length, set.length));
        blocks.push(block);
        used = 0;
      }
      block.set(set, used);
      blockOf.push(blocks.length - 1);
      starts.push(used);
      sizes.push(set.length);
      used += set.length;
      total += set.length;
    },
    get(index) {
      const start = starts[index] ?? 0;
      return (blocks[blockOf[index] ?? 0] ?? block).subarray(start, start + (sizes[index] ?? 0));
    },
    sizeOf: (index) => sizes[index] ?? 0,
    get count() {
      return sizes.length;
    },
    get total() {
      return total;
    },
  };
}
