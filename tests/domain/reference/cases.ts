/** The cases that our metrics and an independent implementation both have to answer: 1,000 of each kind, seeded. */
import { seededRandom } from '../../../domain/random.ts';
import type { SeededRandom } from '../../../domain/random.ts';

const count = 1000;
const labels = ['acq', 'earn', 'grain', 'ship', 'tin', 'wheat'];
const words =
  'the a an The cat sat on mat, dog! ran (far) away; U.S. 3.5 "quoted" naïve Straße it’s don\'t A. of — theatre'.split(
    ' ',
  );

export type Cases = typeof cases;

const draw = <T>(kind: string, one: (random: SeededRandom) => T): T[] =>
  Array.from({ length: count }, (_, index) => one(seededRandom(1, kind, index)));

const pick = <T>(random: SeededRandom, items: readonly [T, ...T[]]): T => items[random.int(items.length)] ?? items[0];

export const cases = {
  classification: draw('classification', (random) => {
    const rows = 1 + random.int(30);
    const some = random.sample(labels, 2 + random.int(labels.length - 1));
    return {
      labels: some,
      gold: Array.from({ length: rows }, () => some[random.int(some.length)] ?? ''),
      predicted: Array.from({ length: rows }, () =>
        random.int(8) === 0 ? null : (some[random.int(some.length)] ?? ''),
      ),
    };
  }),
  'multi-label': draw('multi-label', (random) => {
    const rows = 1 + random.int(30);
    return {
      labels,
      gold: Array.from({ length: rows }, () => random.sample(labels, 1 + random.int(4))),
      predicted: Array.from({ length: rows }, () => random.sample(labels, random.int(4))),
    };
  }),
  'word-f1': draw('word-f1', (random): [string, string] => [sentence(random), sentence(random)]),
  'rouge-l': draw('rouge-l', (random): [string, string] => [sentence(random), sentence(random)]),
  maths: draw('maths', (random): [string, string] => {
    const [above, below] = [random.int(400) - 200, pick(random, [1, 2, 4, 5, 8, 10, 25] as const)];
    const other = random.int(2) === 0 ? above : above + random.int(3) - 1;
    return [written(random, above, below), written(random, other, below)];
  }),
  choice: draw('choice', (random): [string, number] => {
    const letter = 'ABCDEFG'[random.int(7)] ?? 'A';
    const small = letter.toLowerCase();
    const thought = pick(random, [
      '',
      `(${letter}) is tempting.\n`,
      'Not (A), not (B).\n',
      'Option C) fits.\n',
      'Well.\n',
    ]);
    const marker = pick(random, ['The answer is: ', 'the answer is ', 'So the ANSWER IS (', '']);
    const answer = pick(random, [
      letter,
      `(${letter})`,
      `(${small})`,
      `${letter}.`,
      small,
      `choice ${letter}`,
      `a ${letter}`,
      `I think (${letter})`,
      `a better one than (G): (${small})`,
      'wood',
      `${letter}: wood`,
      '',
    ]);
    return [`${thought}${marker}${answer}${random.int(3) === 0 ? '\n(D) was wrong.' : ''}`, 2 + random.int(4)];
  }),
};

function sentence(random: SeededRandom): string {
  return Array.from({ length: random.int(9) }, () => words[random.int(words.length)] ?? '').join(
    pick(random, [' ', '  ', ' - ']),
  );
}

/** One number in one of the ways in which answers are written. */
function written(random: SeededRandom, above: number, below: number): string {
  const decimal = String(above / below);
  const forms: [string, ...string[]] = [
    decimal,
    `${above}/${below}`,
    `\\frac{${above}}{${below}}`,
    `\\dfrac{${above}}{${below}}`,
    `$${decimal}$`,
    `\\boxed{${decimal}}`,
    `\\left(${above}\\right)/${below}`,
    `x = ${decimal}`,
    `${decimal} apples`,
    `${decimal} km/h`,
    `${decimal}\\text{ cm}`,
    `${decimal}%`,
    `${decimal}.0`.replace(/(\.\d+)\.0$/, '$10'),
    `(${above - 3} + 3)/${below}`,
    `${above} \\cdot 2 / ${2 * below}`,
    `2^3 * ${above} / ${8 * below}`,
    ((above * 1000) / below).toLocaleString('en-US', { maximumFractionDigits: 0 }) + '/1000',
  ];
  return pick(random, forms);
}
