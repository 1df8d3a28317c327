import { expect, test } from 'vitest';
import { seededHash, seededRandom } from '../../domain/random.ts';

test('the same parts give the same numbers for ever', () => {
  const random = seededRandom(7, 'golden');
  expect([random.next(), random.next(), random.next()]).toMatchInlineSnapshot(`
    [
      0.2086831974272404,
      0.9902124196781877,
      0.7105403885997099,
    ]
  `);
  expect([random.int(1000), random.int(1000), random.int(1_000_000_000)]).toMatchInlineSnapshot(`
    [
      170,
      636,
      119670734,
    ]
  `);
  expect(random.shuffle([1, 2, 3, 4, 5, 6, 7, 8])).toMatchInlineSnapshot(`
    [
      6,
      1,
      8,
      4,
      7,
      2,
      5,
      3,
    ]
  `);
  expect(random.sample(['a', 'b', 'c', 'd', 'e'], 2)).toMatchInlineSnapshot(`
    [
      "a",
      "c",
    ]
  `);
  expect([seededHash(0, 'earn'), seededHash(1, 'earn'), seededHash('é', '')]).toMatchInlineSnapshot(`
    [
      4366238765927200,
      1514991847871588,
      699011936181784,
    ]
  `);
});

test('parts are kept apart: their borders, their types and their order count', () => {
  const hashes = [
    seededHash('ab'),
    seededHash('a', 'b'),
    seededHash('b', 'a'),
    seededHash('ab', ''),
    seededHash('', 'ab'),
    seededHash(1),
    seededHash('1'),
    seededHash(1, 1),
    seededHash(11),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('hashes of neighbouring ids do not collide and fill their range evenly', () => {
  const buckets = new Int32Array(64);
  const seen = new Set<number>();
  for (let id = 0; id < 100_000; id += 1) {
    const hash = seededHash(3, `row-${id}`);
    seen.add(hash);
    const bucket = Math.floor(hash / 2 ** 47);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  expect(seen.size).toBe(100_000);
  const expected = 100_000 / 64;
  const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(chiSquare).toBeLessThan(110); // 63 degrees of freedom: p below 0.0003
});

test('numbers are uniform, also the first ones of neighbouring seeds', () => {
  const buckets = new Int32Array(50);
  let sum = 0;
  for (let seed = 0; seed < 20_000; seed += 1) {
    const random = seededRandom(seed);
    const bucket = random.int(50);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    sum += random.next();
  }
  const chiSquare = buckets.reduce((total, count) => total + (count - 400) ** 2 / 400, 0);
  expect(chiSquare).toBeLessThan(95); // 49 degrees of freedom: p below 0.0001
  expect(sum / 20_000).toBeCloseTo(0.5, 1);
});

test('a shuffle keeps every item and leaves its input alone; every order is about as likely', () => {
  const items = [1, 2, 3];
  const orders = new Map<string, number>();
  const random = seededRandom('orders');
  for (let round = 0; round < 6000; round += 1) {
    const order = random.shuffle(items).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  expect(items).toEqual([1, 2, 3]);
  expect([...orders.keys()].sort()).toEqual(['123', '132', '213', '231', '312', '321']);
  for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
});

test('a sample asks for more than there is: all of it; a whole number below nothing does not exist', () => {
  expect(new Set(seededRandom(1).sample([1, 2], 5))).toEqual(new Set([1, 2]));
  expect(seededRandom(1).sample([1, 2], 0)).toEqual([]);
  expect(() => seededRandom(1).int(0)).toThrow(RangeError);
});
