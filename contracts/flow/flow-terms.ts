/** How fast a run may ask its teacher: as its file says, and as changed during the run. */
import { limitNames } from '../../domain/flow/rate-limits.ts';
import type { FlowRequest, FlowTerms } from './flow.ts';
import type { RunSpec } from '../run/run-file.ts';

export function termsOf({ teacher }: Pick<RunSpec, 'teacher'>): FlowTerms {
  return { concurrency: teacher?.concurrency ?? 1, limits: teacher?.limits ?? {} };
}

/** The run under other terms. Nothing of them is part of a call, so its key and its answer stay the same. */
export function withTerms(spec: RunSpec, { concurrency, limits }: FlowTerms): RunSpec {
  return spec.teacher === undefined ? spec : { ...spec, teacher: { ...spec.teacher, concurrency, limits } };
}

/** What is left out stays, `null` lifts a limit. */
export function changedTerms(terms: FlowTerms, request: FlowRequest): FlowTerms {
  const limits = { ...terms.limits };
  for (const name of limitNames) {
    const wanted = request[name];
    if (wanted === null) delete limits[name];
    else if (wanted !== undefined) limits[name] = wanted;
  }
  return { concurrency: request.concurrency ?? terms.concurrency, limits };
}

/** `at most 16 in flight, 600 requests and 100000 tokens a minute`. */
export function termsText({ concurrency, limits }: FlowTerms): string {
  const what = {
    requestsPerMinute: 'requests',
    tokensPerMinute: 'tokens',
    inputTokensPerMinute: 'tokens in',
    outputTokensPerMinute: 'tokens out',
  } as const;
  const rates = limitNames.flatMap((name) => (limits[name] === undefined ? [] : [`${limits[name]} ${what[name]}`]));
  const list = rates.length < 2 ? rates.join('') : `${rates.slice(0, -1).join(', ')} and ${rates.at(-1)}`;
  return `at most ${concurrency} in flight, ${list === '' ? 'no limit a minute' : `${list} a minute`}`;
}
