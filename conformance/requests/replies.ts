/** How a reply is judged: granted, clearly refused, or neither. */
import { z } from 'zod';
import { breaks, demand, lacks } from '../case.ts';
import type { Reply } from './wire.ts';

/** Statuses by which an endpoint says that it does not do such a thing. */
const clearNo = new Set([400, 404, 405, 415, 422, 501]);

/** OpenAI's error object; clients read the message, and code or type decide what a run does. */
const ErrorBody = z.object({
  error: z.object({ message: z.string().min(1), type: z.string().nullish(), code: z.unknown().optional() }),
});
const Coded = z.object({ error: z.object({ code: z.string() }) });

/** The answer to a request that an endpoint may decline: a clear no is a lack, anything else but a good answer breaks. */
export function granted<T>(reply: Reply, schema: z.ZodType<T>, what: string): T {
  if (clearNo.has(reply.status)) lacks(`${what}: refused with ${said(reply)}`);
  return given(reply, schema, what);
}

/** The same for a request that may not be declined. */
export function given<T>(reply: Reply, schema: z.ZodType<T>, what: string): T {
  demand(reply.status >= 200 && reply.status < 300, `${what}: answered ${said(reply)}`);
  const parsed = schema.safeParse(reply.json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  return breaks(`${what}: the answer has another shape (${place === '' ? 'body' : place}: ${issue?.message})`);
}

/** The request has to be refused with one of these statuses and OpenAI's error object. */
export function refused(reply: Reply, statuses: readonly number[], what: string): void {
  demand(statuses.includes(reply.status), `${what}: expected ${statuses.join(' or ')}, answered ${said(reply)}`);
  const shaped = ErrorBody.safeParse(reply.json).success;
  demand(shaped, `${what}: ${reply.status} without OpenAI's error object {"error": {"message", "type", "code"}}`);
}

export function isRefused(reply: Reply): boolean {
  return clearNo.has(reply.status);
}

export function codeOf(reply: Reply): string | undefined {
  return Coded.safeParse(reply.json).data?.error.code;
}

export function messageOf(reply: Reply): string {
  return ErrorBody.safeParse(reply.json).data?.error.message ?? '';
}

/** `404 model_not_found: The model ...`, on one line and short. */
export function said(reply: Reply): string {
  const error = ErrorBody.safeParse(reply.json).data?.error;
  const text = (error?.message ?? reply.text).replaceAll(/\s+/g, ' ').trim();
  const code = codeOf(reply);
  const head = code === undefined ? String(reply.status) : `${reply.status} ${code}`;
  return text === '' ? head : `${head}: ${text.length > 140 ? `${text.slice(0, 140)}…` : text}`;
}
