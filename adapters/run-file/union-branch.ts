/** Chooses the alternative of a union that was meant, so that a message names the real mistake and not every alternative. */
import { z } from 'zod';
import type { core } from 'zod';
import { isRequired, keysOf, unwrap } from './expectation.ts';

export type BranchChoice =
  | { readonly kind: 'branch'; readonly index: number }
  /** Several alternatives share the distinguishing key, and its value fits none: `driver: magic`. */
  | { readonly kind: 'tag'; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: 'unknown' };

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values a tag takes; undefined for a schema that is no tag. */
function tagValues(schema: core.$ZodType | undefined): readonly string[] | undefined {
  if (schema instanceof z.ZodLiteral) return [...schema.values].map(String);
  return schema instanceof z.ZodEnum ? schema.options.map(String) : undefined;
}

/** A tag that fits weighs most, then a tag that is there, then required keys, then keys that are merely known. */
function weigh(schema: z.ZodObject, value: Record<string, unknown>): number {
  const score = Object.keys(value).map((key) => {
    const field = schema.shape[key];
    if (field === undefined) return -1;
    if (!isRequired(field)) return 1;
    const tags = tagValues(field);
    if (tags === undefined) return 10;
    return tags.includes(String(value[key])) ? 1000 : 100;
  });
  return score.reduce((sum, weight) => sum + weight, 0);
}

export function chooseBranch(union: z.ZodUnion, value: unknown): BranchChoice {
  if (!isRecord(value)) return { kind: 'unknown' };
  const scores = union.options.map((option) => {
    const inner = unwrap(option);
    return inner instanceof z.ZodObject ? weigh(inner, value) : -Infinity;
  });
  const best = Math.max(...scores);
  if (best <= 0) return { kind: 'unknown' };
  const leaders = scores.flatMap((score, index) => (score === best ? [index] : []));
  const shared = leaders.length > 1 ? sharedTag(union, leaders, value) : undefined;
  if (shared !== undefined) return shared;
  return { kind: 'branch', index: leaders[0] ?? 0 };
}

function sharedTag(
  union: z.ZodUnion,
  leaders: readonly number[],
  value: Record<string, unknown>,
): BranchChoice | undefined {
  const objects = leaders.map((index) => unwrap(union.options[index] ?? union));
  const tagged = Object.keys(value).find((key) =>
    objects.every((object) => object instanceof z.ZodObject && tagValues(object.shape[key]) !== undefined),
  );
  if (tagged === undefined) return undefined;
  const values = objects.flatMap((object) =>
    object instanceof z.ZodObject ? (tagValues(object.shape[tagged]) ?? []) : [],
  );
  return { kind: 'tag', key: tagged, values };
}

/** The schema of a path, following unions by the value; undefined for an unknown path. */
export function schemaAt(
  schema: core.$ZodType,
  path: readonly PropertyKey[],
  value: unknown,
): core.$ZodType | undefined {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) {
    if (path.length === 0) return inner;
    const choice = chooseBranch(inner, value);
    const option = choice.kind === 'branch' ? inner.options[choice.index] : undefined;
    return option === undefined ? undefined : schemaAt(option, path, value);
  }
  const [segment, ...rest] = path;
  if (segment === undefined) return inner;
  const next = isRecord(value) ? value[String(segment)] : Array.isArray(value) ? value[Number(segment)] : undefined;
  if (inner instanceof z.ZodObject) {
    const field = Object.hasOwn(inner.shape, String(segment)) ? inner.shape[String(segment)] : undefined;
    return field === undefined ? undefined : schemaAt(field, rest, next);
  }
  if (inner instanceof z.ZodRecord) return schemaAt(inner.def.valueType, rest, next);
  return inner instanceof z.ZodArray ? schemaAt(inner.def.element, rest, next) : undefined;
}

export function knownKeys(schema: core.$ZodType, path: readonly PropertyKey[], value: unknown): readonly string[] {
  const found = schemaAt(schema, path, value);
  if (found instanceof z.ZodObject) return keysOf(found);
  if (!(found instanceof z.ZodUnion)) return [];
  const here = path.reduce<unknown>((node, key) => (isRecord(node) ? node[String(key)] : undefined), value);
  const choice = chooseBranch(found, here);
  const option = choice.kind === 'branch' ? unwrap(found.options[choice.index] ?? found) : undefined;
  return option instanceof z.ZodObject ? keysOf(option) : [];
}
