/** The JSON objects in what a model wrote: fenced, with text around, with trailing commas, slightly broken. */
import { jsonrepair } from 'jsonrepair';
import { doubleBackslashes } from './latex.ts';
import { plainText } from './plain-text.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The longest text that is repaired. A repair takes quadratic time at worst: 0.1 s for this many characters. */
const longestMended = 32_768;
/** Places from which a text that holds no whole object is tried: the first few that look like the start of one. */
const mostStarts = 3;
/** How deep an object may be wrapped: `{"result": [{...}]}`. */
const deepest = 3;

/** In order of appearance, nested objects after the one that contains them. Linear time, repairs aside. */
export function jsonObjects(text: string): JsonObject[] {
  const plain = plainText(text);
  const whole = slices(plain).flatMap((slice) => objectsIn(parsed(slice), deepest));
  return whole.length > 0 ? whole : mendedTails(plain);
}

/** Stretches between a brace and the one that closes it, not counting braces within double quotes. */
function slices(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (const { 0: mark, index } of text.matchAll(/\\.|["{}]/gs)) {
    if (mark === '"') quoted = depth > 0 && !quoted;
    else if (mark === '{' && !quoted) {
      if (depth === 0) start = index;
      depth += 1;
    } else if (mark === '}' && !quoted && depth > 0) {
      depth -= 1;
      if (depth === 0) found.push(text.slice(start, index + 1));
    }
  }
  // Braces without a colon are sets and formulas.
  return found.filter((slice) => slice.includes(':'));
}

/** Closes an object with open quotes or braces, only where its text is complete: missing text is never guessed. */
function mendedTails(text: string): JsonObject[] {
  const end = text.replace(/\s*(?:```)?\s*$/, '');
  const last = Math.max(end.lastIndexOf('}') + 1, /["\]]$/.test(end) ? end.length : 0);
  for (const { index } of [...text.matchAll(/\{\s{0,50}["'“”‘’]/g)].slice(0, mostStarts)) {
    const objects = index < last ? objectsIn(parsed(text.slice(index, last)), deepest) : [];
    if (objects.length > 0) return objects;
  }
  return [];
}

/** Undefined where the text is not JSON, even after a repair. */
function parsed(text: string): unknown {
  return strictly(text) ?? strictly(repaired(text));
}

function strictly(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    // Not JSON: that is the answer.
    return undefined;
  }
}

function repaired(text: string): string | undefined {
  if (text.length > longestMended) return undefined;
  try {
    return jsonrepair(doubleBackslashes(text));
  } catch {
    // Beyond repair, or nested deeper than the stack.
    return undefined;
  }
}

function objectsIn(value: unknown, depth: number): JsonObject[] {
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap((part) => objectsIn(part, depth - 1));
  return isObject(value) ? [value, ...inner] : inner;
}

function isObject(value: object): value is JsonObject {
  return !Array.isArray(value);
}
