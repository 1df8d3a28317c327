import type { z } from 'zod';
import { ApiError } from '../api-error.ts';

/** Reads a request's body; the first thing wrong with it becomes a 400 that names the field. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.path.join('.') ?? '';
  throw new ApiError(400, param === '' ? (issue?.message ?? 'invalid request') : `${param}: ${issue?.message}`, {
    code: 'invalid_value',
    ...(param === '' ? {} : { param }),
  });
}

/** The model named by a body, parsed first: an unknown model is a 404 whatever else is wrong. */
export function modelOf(body: unknown): string {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : undefined;
  if (typeof model === 'string') return model;
  throw new ApiError(400, 'you must provide a model parameter', { code: 'missing_required_parameter', param: 'model' });
}

/** One page of a list as the API cuts it: after the entry with id `after`, at most `limit`. */
export function page<T extends { readonly id: string }>(
  entries: readonly T[],
  query: { readonly after?: string | undefined; readonly limit: number },
): { object: 'list'; data: T[]; has_more: boolean } {
  const start = query.after === undefined ? 0 : entries.findIndex((entry) => entry.id === query.after) + 1;
  const data = entries.slice(start, start + query.limit);
  return { object: 'list', data, has_more: start + data.length < entries.length };
}
