/** Answers of math problems: normalized text, compared as numbers where both are. */
import { bareAnswer } from './answers.ts';
import { equalRationals, evaluateRational } from './rational.ts';

const number = String.raw`[-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?:/\d+)?`;
/** A unit is a word of two letters or more, or one of the few short ones: `2x` is no number of x. */
const withUnit = new RegExp(
  String.raw`^(${number})\s*(?:%|\\%|°|\^?\\circ|¢|€|£|(?:(?:\p{L}{2,}|[gmshlLJNWVKCF])(?![\p{L}\p{N}(=+*^])[^=+*^]*))\.?$`,
  'u',
);

/** The answer in what a model wrote; null without an answer line. */
export function extractMath(output: string): string | null {
  const answer = bareAnswer(output);
  return answer === null ? null : normalizeMath(answer) || null;
}

/** Strips `$`, `\boxed{}`, spaces, thousands separators, `\left \right`, a leading `x =` and trailing units. */
export function normalizeMath(text: string): string {
  const inner = (boxed(text) ?? text)
    .replaceAll(/\\(?:text|mathrm|mbox)\s*\{([^{}]*)\}/g, ' $1')
    .replaceAll(/\\left|\\right|\\[!,;: ]|\\\$|\$/g, '')
    .replaceAll(/\\[td]frac/g, '\\frac')
    .replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, '')
    .replaceAll('−', '-')
    .trim()
    .replace(/^[a-zA-Z]\s*=\s*/, '');
  return (withUnit.exec(inner)?.[1] ?? inner).replaceAll(/\s+/g, '');
}

/** Whether two normalized answers are the same: letter for letter, or in value. */
export function sameMath(first: string, second: string): boolean {
  if (first === second) return true;
  const [a, b] = [evaluateRational(first), evaluateRational(second)];
  return a !== undefined && b !== undefined && equalRationals(a, b);
}

/** What the last `\boxed{...}` holds, brackets balanced. */
function boxed(text: string): string | undefined {
  const start = text.lastIndexOf('\\boxed{');
  if (start === -1) return undefined;
  const from = start + '\\boxed{'.length;
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return text.slice(from, at);
  }
  return undefined;
}
