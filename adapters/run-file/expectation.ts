/** Says in words what a schema wants, so that a message names what would be right. */
import { z } from 'zod';
import type { core } from 'zod';

/** The schema inside optional, default and prefault. */
export function unwrap(schema: core.$ZodType): core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.def.innerType;
  }
  return inner;
}

export function isRequired(schema: core.$ZodType): boolean {
  return !(schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault);
}

export function expectationOf(schema: core.$ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return alternatives(inner.options.map(String));
  if (inner instanceof z.ZodLiteral) return alternatives([...inner.values].map(String));
  if (inner instanceof z.ZodNumber) return numberExpectation(inner);
  if (inner instanceof z.ZodBoolean) return 'true or false';
  if (inner instanceof z.ZodURL) return 'an address that starts with http:// or https://';
  if (inner instanceof z.ZodString) return 'text';
  if (inner instanceof z.ZodArray) return `a list, each entry ${expectationOf(inner.def.element)}`;
  if (inner instanceof z.ZodObject) return `a block with the keys ${listed(keysOf(inner))}`;
  if (inner instanceof z.ZodRecord) return `a block of names, each with ${expectationOf(inner.def.valueType)}`;
  if (inner instanceof z.ZodUnion) return unionExpectation(inner);
  return 'another kind of value';
}

export function keysOf(schema: z.ZodObject): readonly string[] {
  return Object.keys(schema.shape);
}

export function alternatives(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

export function listed(words: readonly string[]): string {
  return words.length <= 1 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function unionExpectation(union: z.ZodUnion): string {
  const branches = union.options.map((option) => {
    const inner = unwrap(option);
    if (!(inner instanceof z.ZodObject)) return expectationOf(inner);
    const required = keysOf(inner).filter((key) => isRequired(inner.shape[key] ?? inner));
    return `a block with ${listed(required)}`;
  });
  return [...new Set(branches)].join(', or ');
}

function numberExpectation(schema: z.ZodNumber): string {
  const { type, minimum, maximum, exclusiveMinimum: open } = z.toJSONSchema(schema);
  const exclusiveMinimum = typeof open === 'number' ? open : undefined;
  const whole = type === 'integer';
  const kind = whole ? 'a whole number' : 'a number';
  const high = bound(maximum);
  const low = bound(minimum) ?? (whole && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : undefined);
  if (low !== undefined) return high === undefined ? `${kind} of at least ${low}` : `${kind} from ${low} to ${high}`;
  const over = exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`;
  const under = high === undefined ? '' : ` of at most ${high}`;
  return `${kind}${over}${over !== '' && under !== '' ? ' and' : ''}${under}`;
}

function bound(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? undefined : value;
}
