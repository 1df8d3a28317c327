/**
 * Exact value of a simple arithmetic expression: numbers (`1e3` too), + - * / ^, brackets, `\frac{a}{b}`. Own code of 80
 * lines and not `mathjs` (9 MB, floating point by default, a whole language to keep hostile text out of): equality of
 * answers needs exact rationals and nothing else.
 */

export interface Rational {
  readonly numerator: bigint;
  /** Positive; lowest terms. */
  readonly denominator: bigint;
}

const longestText = 200;
const largestExponent = 64n;
/** Digits beyond this are no answer, only work. */
const mostDigits = 2000;

/** The value of `text`; undefined for everything that is no such expression. */
export function evaluateRational(text: string): Rational | undefined {
  if (text.length > longestText) return undefined;
  const tokens =
    text.match(/(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|\\(?:frac|cdot|times|div)|[-+*/^(){}×÷]|\S/g) ?? [];
  let at = 0;
  const eat = (...expected: string[]): string | undefined =>
    expected.includes(tokens[at] ?? '') ? tokens[at++] : undefined;

  function sum(): Rational | undefined {
    let value = product();
    for (let sign = eat('+', '-'); sign !== undefined; sign = eat('+', '-')) {
      const right = product();
      value = value && right && add(value, sign === '+' ? right : negative(right));
    }
    return value;
  }
  function product(): Rational | undefined {
    let value = signed();
    for (let sign = operator(); sign !== undefined; sign = operator()) {
      const right = signed();
      value = value && right && (sign === '*' ? times(value, right) : divide(value, right));
    }
    return value;
  }
  function operator(): '*' | '/' | undefined {
    if (eat('*', '×', '\\cdot', '\\times') !== undefined) return '*';
    return eat('/', '÷', '\\div') === undefined ? undefined : '/';
  }
  function signed(): Rational | undefined {
    if (eat('+') !== undefined) return signed();
    if (eat('-') === undefined) return power();
    const value = signed();
    return value && negative(value);
  }
  function power(): Rational | undefined {
    const base = atom();
    if (eat('^') === undefined) return base;
    const exponent = signed();
    return base && exponent && raise(base, exponent);
  }
  function atom(): Rational | undefined {
    if (eat('\\frac') !== undefined) {
      const [above, below] = [group('{', '}'), group('{', '}')];
      return above && below && divide(above, below);
    }
    if (tokens[at] === '(') return group('(', ')');
    if (tokens[at] === '{') return group('{', '}');
    const token = tokens[at++] ?? '';
    return /^[\d.]/.test(token) && /\d/.test(token) ? decimal(token) : undefined;
  }
  function group(open: string, close: string): Rational | undefined {
    if (eat(open) === undefined) return undefined;
    const value = sum();
    return eat(close) === undefined ? undefined : value;
  }

  const value = sum();
  return at === tokens.length ? value : undefined;
}

export function equalRationals(a: Rational, b: Rational): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

/** `12.5`, `1.25e1`. */
function decimal(text: string): Rational | undefined {
  const [digits = '', exponent = '0'] = text.split(/e/i);
  const [whole = '', part = ''] = digits.split('.');
  const power = Number(exponent) - part.length;
  if (Math.abs(power) > mostDigits) return undefined;
  const [value, ten] = [BigInt(whole + part || '0'), 10n ** BigInt(Math.abs(power))];
  return power < 0 ? reduced(value, ten) : reduced(value * ten, 1n);
}

function reduced(numerator: bigint, denominator: bigint): Rational | undefined {
  if (denominator === 0n) return undefined;
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  const divisor = denominator < 0n ? -a : a;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function negative({ numerator, denominator }: Rational): Rational {
  return { numerator: -numerator, denominator };
}

function add(a: Rational, b: Rational): Rational | undefined {
  return reduced(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

function times(a: Rational, b: Rational): Rational | undefined {
  return reduced(a.numerator * b.numerator, a.denominator * b.denominator);
}

function divide(a: Rational, b: Rational): Rational | undefined {
  return reduced(a.numerator * b.denominator, a.denominator * b.numerator);
}

function raise(base: Rational, { numerator, denominator }: Rational): Rational | undefined {
  const exponent = numerator < 0n ? -numerator : numerator;
  const digits = base.numerator.toString().length + base.denominator.toString().length;
  if (denominator !== 1n || exponent > largestExponent || digits * Number(exponent) > mostDigits) return undefined;
  const [above, below] = [base.numerator ** exponent, base.denominator ** exponent];
  return numerator < 0n ? reduced(below, above) : reduced(above, below);
}
