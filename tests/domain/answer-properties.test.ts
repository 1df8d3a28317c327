/** What must hold of every answer that is read or compared, whatever it is. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choiceLetter, extractChoice } from '../../domain/answers/choice-answer.ts';
import { joinLabels, setF1 } from '../../domain/answers/label-set.ts';
import { extractMath, normalizeMath, sameMath } from '../../domain/answers/math-answer.ts';
import { wordF1 } from '../../domain/answers/short-answer.ts';
import { answerLine } from '../../domain/tasks/answer-line.ts';

const same = (first: string, second: string): boolean => sameMath(normalizeMath(first), normalizeMath(second));
const share = (value: number): boolean => value >= 0 && value <= 1;

/** All the ways in which answers write the number `hundredths / 100`. */
function formsOf(hundredths: number): string[] {
  const sign = hundredths < 0 ? '-' : '';
  const size = Math.abs(hundredths);
  const whole = Math.floor(size / 100);
  const part = String(size % 100).padStart(2, '0');
  const plain = `${sign}${whole}.${part}`;
  const grouped = `${sign}${whole.toLocaleString('en-US')}.${part}`;
  return [
    plain,
    `${plain}0`,
    grouped,
    `${sign}0${whole}.${part}`,
    `${hundredths}e-2`,
    `${hundredths}E-2`,
    `${hundredths}e-2 apples`,
    `${hundredths}/100`,
    `${3 * hundredths}/300`,
    `${sign}\\frac{${size}}{100}`,
    `\\dfrac{${hundredths}}{100}`,
    `${hundredths} \\times 10^{-2}`,
    `${hundredths} \\cdot 10^(-2)`,
    `$${plain}$`,
    `\\$${grouped}`,
    `\\boxed{${plain}}`,
    `x = ${plain}`,
    `${grouped} apples`,
    `${plain}%`,
    `${grouped} km/h`,
    `\\left(${plain}\\right)`,
    ` ${plain.replace('-', '−')} `,
    ...(hundredths >= 0 ? [`+${plain}`] : []),
    ...(size % 100 === 0 ? [`${sign}${whole}`, `${sign}${whole.toLocaleString('en-US')}`, `${sign}${whole}e0`] : []),
  ];
}

const hundredths = fc.oneof(
  fc.integer({ min: -500, max: 500 }),
  fc.integer({ min: -1e11, max: 1e11 }),
  fc.integer({ min: -1e6, max: 1e6 }).map((whole) => 100 * whole),
);

describe('maths', () => {
  test('all the ways to write a number agree, in any pair', () => {
    expect(['1,000', '1000', '1e3', '1000.0', '1.0e+3', '10^3'].filter((form) => !same(form, '1000'))).toEqual([]);
    fc.assert(
      fc.property(hundredths, fc.nat(), fc.nat(), (number, one, other) => {
        const forms = formsOf(number);
        const [first, second] = [forms[one % forms.length] ?? '', forms[other % forms.length] ?? ''];
        expect([first, second, same(first, second)]).toEqual([first, second, true]);
        expect(extractMath(answerLine(first))).toBe(normalizeMath(first));
      }),
      { numRuns: 2000 },
    );
  });

  test('different numbers differ in all their forms', () => {
    const near = fc.tuple(hundredths, fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(100, 1000, 100_000)));
    fc.assert(
      fc.property(near, fc.nat(), fc.nat(), ([number, apart], one, other) => {
        const [forms, others] = [formsOf(number), formsOf(number + apart)];
        const [first, second] = [forms[one % forms.length] ?? '', others[other % others.length] ?? ''];
        expect([first, second, same(first, second)]).toEqual([first, second, false]);
      }),
      { numRuns: 2000 },
    );
  });

  test('fractions are equal where their cross products are', () => {
    const whole = fc.integer({ min: -60, max: 60 });
    const below = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(whole, below, whole, below, (a, b, c, d) => {
        expect(same(`${a}/${b}`, `\\frac{${c}}{${d}}`)).toBe(a * d === c * b);
        expect(same(`${a}/${b} + ${c}/${d}`, `(${a * d + c * b})/(${b * d})`)).toBe(true);
        expect(same(`${a}/${b} \\cdot ${c}/${d}`, `${a * c}/${b * d}`)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('any text equals itself, and equality has no direction', () => {
    const piece = fc.constantFrom(
      ...'0 7 12 .5 , , . + - * / ^ ( ) { } \\frac \\boxed{ } $ % x = m km e E'.split(' '),
      ' ',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, text, (first, second) => {
        expect(same(first, first)).toBe(true);
        expect(same(first, second)).toBe(same(second, first));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('multiple choice', () => {
  const choices = fc.uniqueArray(fc.constantFrom('wood', 'iron', 'glass', 'clay', 'tin', 'wool', 'paper', 'stone'), {
    minLength: 2,
    maxLength: 8,
  });
  const ways: ((letter: string, choice: string) => string)[] = [
    (letter) => letter,
    (letter) => `${letter}.`,
    (letter) => `(${letter})`,
    (letter) => `(${letter.toLowerCase()})`,
    (letter) => letter.toLowerCase(),
    (letter) => `**${letter}**`,
    (letter) => `'${letter}'`,
    (letter) => `"${letter}", I think`,
    (letter, choice) => `${letter}) ${choice}`,
    (letter, choice) => `(${letter}) ${choice}`,
    (letter, choice) => `${letter}: ${choice}.`,
    (letter, choice) => `${choice} (${letter})`,
    (letter) => `option ${letter}`,
    (letter) => `I think a better one is (${letter})`,
    (letter) => `'${letter}' for sure`,
  ];

  test('whatever the order of the choices, the one that is named is read', () => {
    fc.assert(
      fc.property(choices, fc.nat(), fc.constantFrom(...ways), fc.nat(), (order, gold, way, mentioned) => {
        const at = gold % order.length;
        const thought = `(${choiceLetter(mentioned % order.length)}) is tempting.`;
        const output = `${thought}\n${answerLine(way(choiceLetter(at), order[at] ?? ''))}`;
        expect([output, extractChoice(output, order.length)]).toEqual([output, choiceLetter(at)]);
      }),
      { numRuns: 1000 },
    );
  });

  test('what is read is null or the letter of a choice', () => {
    const word = fc.constantFrom('The answer is:', 'I', 'a', 'A', '(B)', 'c)', 'Z.', 'C:', "I'm", 'wood', '\n');
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 26 }), (output, count) => {
        const letter = extractChoice(output, count);
        expect(letter === null || 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.slice(0, count).includes(letter)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('word F1', () => {
  const word = fc.constantFrom('the', 'a', 'Cat', 'cat', 'sat,', 'mat!', 'naïve', 'U.S.', '3.5', '—', 'on');
  const words = fc.array(word, { maxLength: 8 });
  const mixed = words.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));

  test('in [0, 1], without direction, 1 for the text itself, blind to the order of words', () => {
    fc.assert(
      fc.property(mixed, words, ([first, again], second) => {
        const [one, other] = [first.join(' '), second.join(' ')];
        const f1 = wordF1(one, other);
        expect(share(f1)).toBe(true);
        expect(wordF1(other, one)).toBe(f1);
        expect(wordF1(one, one)).toBe(1);
        expect(wordF1(again.join('  '), other)).toBe(f1);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(wordF1(text, text)).toBe(1);
      }),
    );
  });
});

describe('set F1', () => {
  const set = fc.uniqueArray(fc.constantFrom('grain', 'wheat', 'corn', 'money fx', 'tin'), { minLength: 1 });

  test('in [0, 1], without direction, 1 exactly for equal sets, 0 exactly for sets with nothing in common', () => {
    fc.assert(
      fc.property(set, set, (first, second) => {
        const f1 = setF1(joinLabels(first), joinLabels(second));
        expect(share(f1)).toBe(true);
        expect(setF1(joinLabels(second), joinLabels(first))).toBe(f1);
        expect(f1 === 1).toBe(first.toSorted().join() === second.toSorted().join());
        expect(f1 === 0).toBe(!first.some((label) => second.includes(label)));
        expect(setF1(null, joinLabels(first))).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
