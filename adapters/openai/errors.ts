/** Errors of the `openai` package, distinguished by what they mean for money and for the run. */
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from 'openai';
import type { FailureType } from '../../domain/failures.ts';
import { AnswerTooLarge, AnswerTooLate } from './answer-limits.ts';
import { NeverSent } from './never-sent.ts';
import { saysTooLong } from './too-long.ts';

/** What an error of the package says. `sent: false`: it certainly never reached the endpoint. */
export interface Trouble {
  readonly sent: boolean;
  readonly status: number | null;
  readonly code: string;
  readonly failure: FailureType | null;
  /** A permanent failure of this request alone: too long, or declined. */
  readonly ofRequest: boolean;
  readonly retryAfterMs: number | null;
  /** A sentence without keys or model text. */
  readonly message: string;
}

const billingCodes = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
]);

/**
 * Connection errors that cannot happen later than before the first byte. `EHOSTUNREACH` can: a `NeverSent` around it
 * says when it did not.
 */
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

export function troubleOf(error: unknown): Trouble {
  if (error instanceof APIUserAbortError) return connection('aborted', true);
  // The package calls a connection that never came up a time-out too.
  if (error instanceof APIConnectionTimeoutError && wasSent(error)) return connection('timeout', true);
  if (error instanceof APIConnectionError) {
    const code = codeOf(error);
    if (refusedByFetch(error)) return connection('bad_address', false);
    return connection(code === undefined ? 'connection_lost' : code.toLowerCase(), wasSent(error));
  }
  if (error instanceof APIError && typeof error.status === 'number') return answered(error, error.status);
  if (error instanceof AnswerTooLate) return connection('timeout', true);
  if (error instanceof AnswerTooLarge) return connection('answer_too_large', true);
  if (error instanceof Error && codeOf(error) === 'UND_ERR_BODY_TIMEOUT') return connection('stalled', true);
  // A body that is no JSON, or stops in the middle: the answer was under way, so it may be billed.
  return connection('unreadable_answer', true);
}

/** Whether a request that failed without an answer may have reached the endpoint. */
export function wasSent(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof NeverSent) return false;
  const code = codeOf(error);
  return !refusedByFetch(error) && (code === undefined || !unsent.has(code));
}

function connection(code: string, sent: boolean): Trouble {
  return {
    sent,
    status: null,
    code,
    failure: null,
    ofRequest: false,
    retryAfterMs: null,
    message: `No answer (${code}).`,
  };
}

function answered(error: APIError, status: number): Trouble {
  const code = wordOf(error.code) ?? wordOf(error.type) ?? `http_${status}`;
  if (aboutForm(error, status)) return withoutForm(error, status);
  const billing = status === 402 || (status === 429 && (billingCodes.has(code) || error.type === 'insufficient_quota'));
  const what = billing ? 'the account has no credit or quota left' : error.message.slice(0, 300);
  const ofRequest = isOfRequest(error, status, code);
  return {
    sent: true,
    status,
    code: /^[\w.-]{1,60}$/.test(code) ? code : `http_${status}`,
    failure: billing ? 'BillingExhausted' : ofRequest ? null : failureOf(status),
    ofRequest,
    retryAfterMs: retryAfter(error.headers),
    message: scrub(`The endpoint answered ${status}: ${what}`),
  };
}

/** The package's types promise text; some servers repeat the status there, as a number. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const declined = /content.?(filter|policy|management)|moderation|flagged/i;
/** The form of the request, the same for every row: parameters that a host does not know. */
const foreignParameter =
  /(unknown|unsupported|unrecogni[sz]ed|unexpected|invalid|extra).{0,20}(parameter|argument|field|input)|extra_forbidden|not (permitted|supported|allowed)/i;

function isOfRequest({ param, message: whole }: APIError, status: number, code: string): boolean {
  // Further on, some servers quote what they were sent.
  const message = whole.slice(0, 500);
  if (status === 413) return true;
  if (status === 403) return declined.test(message);
  if (status !== 400 && status !== 422) return false;
  if (saysTooLong({ code, message }) || code === 'content_filter' || declined.test(message)) return true;
  const aboutContent = !param || /^(messages|prompt|input)\b/.test(param);
  return status === 422 && aboutContent && !foreignParameter.test(message);
}

/** Statuses with which endpoints refuse a `response_format` they do not know; none of them is ever billed. */
const formStatuses = new Set([400, 404, 415, 422]);

function aboutForm({ param, message }: APIError, status: number): boolean {
  const words = /response.?format|json.?schema|json.?object|json.?mode|structured.?output/i;
  return formStatuses.has(status) && words.test(`${param ?? ''} ${message}`);
}

function withoutForm(error: APIError, status: number): Trouble {
  const message = scrub(`The endpoint answered ${status}: ${error.message.slice(0, 300)}`);
  const code = 'output_unsupported';
  return { sent: true, status, code, failure: 'RequestRejected', ofRequest: false, retryAfterMs: null, message };
}

function failureOf(status: number): FailureType | null {
  if (status === 401 || status === 403) return 'EndpointRefusesKey';
  if (status === 404) return 'ModelUnknown';
  // A malformed request that is not one row's own trouble is a fault of ours, or of the run file.
  return status === 400 || status === 422 ? 'RequestRejected' : null;
}

/** `fetch` itself refuses some addresses (ports of other protocols, broken URLs): nothing was sent. */
function refusedByFetch(error: Error): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (/^bad port$|Invalid URL|Failed to parse URL/i.test(cause.message)) return true;
  }
  return false;
}

function codeOf(error: Error): string | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
}

/** Milliseconds from `retry-after-ms`, or `Retry-After` in seconds or as a date; nonsense is ignored, more than an hour is an hour. */
function retryAfter(headers: Headers | undefined): number | null {
  const precise = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(precise) && precise >= 0) return Math.min(precise, 3_600_000);
  const value = headers?.get('retry-after');
  if (value === null || value === undefined) return null;
  const wait = Number.isFinite(Number(value)) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) && wait >= 0 ? Math.min(wait, 3_600_000) : null;
}

/** Providers quote keys in their messages. */
function scrub(message: string): string {
  return message.replaceAll(/\b(sk|key|Bearer)[-_ ][\w*.-]{6,}/gi, '$1-…').replaceAll(/[\p{Cc}]/gu, ' ');
}
