/**
 * Seeded randomness: the only kind there is outside the endpoints. Runs in workflows too, so it is 32-bit integer
 * arithmetic alone and gives the same numbers on every platform. Not for secrets.
 */

export type SeedPart = string | number;

export interface SeededRandom {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform whole number in [0, n); `n` at least 1. */
  int(n: number): number;
  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** `k` items without replacement in random order; all of them where there are fewer. */
  sample<T>(items: readonly T[], k: number): T[];
}

/** A generator of its own stream for each list of parts: name what it is for, `seededRandom(seed, 'shortfall', domain)`. */
export function seededRandom(...parts: readonly SeedPart[]): SeededRandom {
  const word = smallFastCounter(mix(parts));
  const next = (): number => {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  };
  const int = (n: number): number => {
    if (!(n >= 1)) throw new RangeError(`A random whole number below ${n} does not exist.`);
    return Math.floor(next() * n);
  };
  const sample = <T>(items: readonly T[], k: number): T[] => {
    const rest = items.slice();
    const count = Math.min(k, rest.length);
    for (let index = 0; index < count; index += 1) swap(rest, index, index + int(rest.length - index));
    return rest.slice(0, count);
  };
  return { next, int, sample, shuffle: (items) => sample(items, items.length) };
}

/** A whole number in [0, 2^53) that depends on the parts alone: decides ties and draws whatever the order of the rows. */
export function seededHash(...parts: readonly SeedPart[]): number {
  const [first, second] = mix(parts);
  return (first >>> 11) * 0x100000000 + second;
}

function swap(items: unknown[], first: number, second: number): void {
  const held = items[first];
  items[first] = items[second];
  items[second] = held;
}

type State = readonly [number, number, number, number];

/** sfc32 of PractRand: 128 bits of state, passes its tests, four additions and two shifts a number. */
function smallFastCounter([first, second, third, fourth]: State): () => number {
  let a = first | 0;
  let b = second | 0;
  let c = third | 0;
  let counter = fourth | 0;
  const word = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) word();
  return word;
}

/** Mixes the parts into 128 bits. Type and length go in first, so that ('ab') and ('a', 'b'), 1 and '1' differ. */
function mix(parts: readonly SeedPart[]): State {
  let a = 1779033703;
  let b = 3144134277;
  let c = 1013904242;
  let d = 2773480762;
  const add = (value: number): void => {
    a = b ^ Math.imul(a ^ value, 597399067);
    b = c ^ Math.imul(b ^ value, 2869860233);
    c = d ^ Math.imul(c ^ value, 951274213);
    d = a ^ Math.imul(d ^ value, 2716044179);
  };
  for (const part of parts) {
    const text = String(part);
    add(typeof part === 'number' ? 0x10001 : 0x10002);
    add(text.length);
    for (let index = 0; index < text.length; index += 1) add(text.charCodeAt(index));
  }
  return [avalanche(a ^ d), avalanche(b ^ a), avalanche(c ^ b), avalanche(d ^ c)];
}

/** Final mixing of MurmurHash3: every input bit reaches every output bit. */
function avalanche(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
