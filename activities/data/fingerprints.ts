/** A map from texts to numbers, keyed by 96-bit fingerprints: a million entries take about 50 MiB. */
import { hash } from 'node:crypto';

export interface Fingerprints {
  /** The number stored for this text; undefined if there is none. */
  get(text: string): number | undefined;
  /** Stores `value` for a new text and returns undefined; returns the stored number of a known text. */
  add(text: string, value: number): number | undefined;
  readonly size: number;
}

interface Table {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly values: Float64Array;
}

export function createFingerprints(): Fingerprints {
  let table = createTable(1 << 10);
  let size = 0;
  const lookUp = (text: string, value: number | undefined): number | undefined => {
    const digest = hash('sha256', text, 'buffer');
    // 0 marks an empty slot, so a fingerprint starts at 1.
    const high = digest.readUIntBE(0, 6) + 1;
    const low = digest.readUIntBE(6, 6);
    const slot = slotOf(table, high, low);
    const found = table.values[slot];
    if (table.high[slot] !== 0) return found;
    if (value === undefined) return undefined;
    put(table, slot, { high, low, value });
    size += 1;
    if (size * 2 > table.high.length) table = grown(table);
    return undefined;
  };
  return {
    get: (text) => lookUp(text, undefined),
    add: (text, value) => lookUp(text, value),
    get size() {
      return size;
    },
  };
}

function createTable(length: number): Table {
  return { high: new Float64Array(length), low: new Float64Array(length), values: new Float64Array(length) };
}

/** Open addressing with linear probing: the slot of a fingerprint, or the free slot where it belongs. */
function slotOf(table: Table, high: number, low: number): number {
  let slot = high % table.high.length;
  while (table.high[slot] !== 0 && !(table.high[slot] === high && table.low[slot] === low)) {
    slot = (slot + 1) % table.high.length;
  }
  return slot;
}

function put(table: Table, slot: number, entry: { high: number; low: number; value: number }): void {
  table.high[slot] = entry.high;
  table.low[slot] = entry.low;
  table.values[slot] = entry.value;
}

function grown(old: Table): Table {
  const table = createTable(old.high.length * 2);
  for (let slot = 0; slot < old.high.length; slot += 1) {
    const [high = 0, low = 0, value = 0] = [old.high[slot], old.low[slot], old.values[slot]];
    if (high !== 0) put(table, slotOf(table, high, low), { high, low, value });
  }
  return table;
}
