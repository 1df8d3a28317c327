/** The lines of a results file, distinguished by what they mean for money: as calls by themselves are. */
import { APIError } from 'openai';
import { z } from 'zod';
import type { LineResult } from '../../../activities/ports/batch-endpoint.ts';
import { jsonLinesOf } from '../../json-lines/read-json-lines.ts';
import { troubleOf } from '../errors.ts';
import { paidAnswer } from './teacher.ts';

const Line = z.object({
  custom_id: z.string(),
  response: z.object({ status_code: z.int(), body: z.unknown() }).nullish(),
  error: z.object({ code: z.string().nullish() }).nullish(),
});

/** Lines that were never begun, because their batch ended before. */
const neverBegun = new Set(['batch_expired', 'batch_cancelled']);

/** Unreadable lines are skipped: their calls count as calls without a result. */
export async function* lineResults(
  chunks: AsyncIterable<Uint8Array>,
  unbilled: readonly number[],
): AsyncGenerator<LineResult> {
  for await (const line of jsonLinesOf(chunks)) {
    const result = line.ok ? Line.safeParse(line.value).data : undefined;
    if (result !== undefined) yield { customId: result.custom_id, end: endOf(result, unbilled) };
  }
}

function endOf({ response, error }: z.infer<typeof Line>, unbilled: readonly number[]): LineResult['end'] {
  if (!response || response.status_code < 200) {
    const code = reasonOf(error?.code ?? 'no_response');
    return neverBegun.has(code)
      ? { kind: 'refused', reason: code, final: false, failure: null }
      : { kind: 'forfeited', reason: code };
  }
  const { status_code: status, body } = response;
  if (status < 400) {
    const answer = paidAnswer(body);
    return answer === null ? { kind: 'forfeited', reason: 'unreadable_answer' } : { kind: 'answered', answer };
  }
  const trouble = troubleOf(APIError.generate(status, objectOf(body), undefined, new Headers()));
  const { failure: type, message } = trouble;
  const reason = status === 429 ? 'rate_limited' : trouble.code;
  if (type !== null) return { kind: 'refused', reason, final: false, failure: { type, message } };
  if (trouble.ofRequest) return { kind: 'refused', reason, final: true, failure: null };
  if (status === 429 || unbilled.includes(status)) return { kind: 'refused', reason, final: false, failure: null };
  return { kind: 'forfeited', reason };
}

function reasonOf(code: string): string {
  return /^[\w.-]{1,60}$/.test(code) ? code : 'no_response';
}

function objectOf(body: unknown): object {
  return typeof body === 'object' && body !== null ? body : {};
}
