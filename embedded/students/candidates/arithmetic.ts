/**
 * Values of short calculations over the numbers of a word problem: one number, two, or three with a bracket around the
 * first two. Features are the shape of the calculation alone and together with telling words of the problem.
 */
import { promptParts } from '../prompt-parts.ts';
import { both, bucket, Features, named } from './candidate.ts';
import type { Candidate, Candidates } from './candidate.ts';

const mostNumbers = 5;
const spelled: Readonly<Record<string, number>> = {
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  dozen: 12,
  twice: 2,
  double: 2,
  half: 0.5,
  quarter: 0.25,
  week: 7,
};
const telling =
  /\b(?:each|every|per|total|altogether|left|remain\w*|more|less|fewer|than|times|twice|half|percent|%|split|share[sd]?|equal\w*|average|spen[dt]s?|cost\w*|earn\w*|week|day|hour|minute|year|month|dozen|how many|how much|sold|gave|bought|older|younger|difference|change|profit|pair)\b|%/gi;

interface Part {
  readonly value: number;
  /** Which numbers and operations made it, as one number. */
  readonly shape: number;
  readonly used: readonly number[];
}

export const arithmeticCandidates: Candidates = {
  of(prompt) {
    const { question } = promptParts(prompt);
    const words = [...new Set((question.match(telling) ?? []).map((word) => named(word.toLowerCase())))];
    const last = named(
      question
        .split(/[.!]\s/)
        .at(-1)
        ?.match(telling)?.[0]
        ?.toLowerCase() ?? '',
    );
    const numbers = numbersOf(question);
    const single = numbers.map((value, at): Part => ({ value, shape: both(named('number'), at), used: [at] }));
    const pairs = combine(single, single);
    const triples = combine(pairs, single);
    return [...single, ...pairs, ...triples].flatMap((part) => candidateOf(part, numbers, words, last));
  },
};

function numbersOf(text: string): number[] {
  const found = text.toLowerCase().match(/\d[\d,]*(?:\.\d+)?%?|[a-z]+/g) ?? [];
  const values = found.flatMap((word) => {
    if (/^\d/.test(word)) return Number.parseFloat(word.replaceAll(',', '')) / (word.endsWith('%') ? 100 : 1);
    return Object.hasOwn(spelled, word) ? (spelled[word] ?? []) : [];
  });
  return values.slice(0, mostNumbers);
}

function combine(lefts: readonly Part[], rights: readonly Part[]): Part[] {
  return lefts.flatMap((left) =>
    rights.flatMap((right): Part[] => {
      const at = right.used[0] ?? 0;
      if (left.used.includes(at)) return [];
      const used = [...left.used, at];
      const [a, b] = [left.value, right.value];
      const part = (operation: string, value: number): Part => ({
        value,
        shape: both(both(left.shape, right.shape), named(operation)),
        used,
      });
      const ordered = [part('-', a - b), part('/', a / b), part('reversed -', b - a), part('reversed /', b / a)];
      // Of two numbers, sums and products are counted once, and both orders come by themselves.
      if (left.used.length > 1) return [part('+', a + b), part('*', a * b), ...ordered];
      const once = (left.used[0] ?? 0) < at ? [part('+', a + b), part('*', a * b)] : [];
      return [...once, ...ordered.slice(0, 2)];
    }),
  );
}

/** A value as the student writes it: two decimals at most. */
export function arithmeticAnswer(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function candidateOf(part: Part, numbers: readonly number[], words: readonly number[], last: number): Candidate[] {
  const { value, shape, used } = part;
  if (!Number.isFinite(value) || value < 0) return [];
  const answer = arithmeticAnswer(value);
  const rounded = Number(answer);
  const whole = Number.isInteger(rounded) ? 1 : 2;
  const found = new Features();
  const count = both(named('count'), used.length * 8 + numbers.length);
  found.add(shape);
  found.add(count);
  found.add(both(count, whole));
  found.add(both(named('whole'), whole));
  found.add(both(both(shape, numbers.length), 3));
  found.add(both(named('size'), bucket(value)));
  if (numbers.includes(rounded)) found.add(both(named('given'), used.length));
  found.add(both(shape, last));
  for (const word of words) found.add(both(shape, both(word, 7)));
  return [{ answer, features: found.features, values: found.values }];
}
