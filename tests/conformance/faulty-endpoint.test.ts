import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { contractCases } from '../../conformance/all-cases.ts';
import type { ContractCase, Verdict } from '../../conformance/case.ts';
import { examine } from '../../conformance/examine.ts';
import { trainingText } from '../../conformance/requests/samples.ts';
import { startEmbedded } from '../../embedded/start.ts';
import type { EmbeddedServer } from '../../embedded/start.ts';
import { clientOf, trained } from '../embedded/support.ts';
import { apiKey, choices, logprobs, startLiar, without } from './faulty-endpoint.ts';
import type { Fault } from './faulty-endpoint.ts';

let calls = 0;
const cut = (value: unknown): unknown =>
  typeof value === 'string' && value.length > 9000 ? value.slice(0, 90) : value;
const messagesCut = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((message) => ({ ...message, content: cut(message.content) })) : value;

/** Which case sees which lie. */
const faults: readonly (readonly [id: string, verdict: Verdict, what: string, fault: Fault])[] = [
  ['reached', 'breaks', 'takes no key at all', { status: () => 401 }],
  ['unknown-address', 'breaks', 'answers at any path', statusOf('/nowhere-at-all', 200)],
  [
    'file-upload',
    'breaks',
    'loses a byte',
    { answer: (b) => ('bytes' in b ? { ...b, bytes: Number(b['bytes']) - 1 } : b) },
  ],
  ['file-missing', 'breaks', 'takes an upload of nothing', { status: (status) => (status === 400 ? 200 : status) }],
  ['file-unknown', 'breaks', 'knows every file', statusOf('/files/file-unknown', 200)],
  [
    'job-trains',
    'breaks',
    'gives the model the name of its base',
    { answer: (b) => (b['fine_tuned_model'] ? { ...b, fine_tuned_model: 'log-linear' } : b) },
  ],
  [
    'trained-model-listed',
    'lacks',
    'lists bases only',
    { answer: (b, path) => (path === '/v1/models' ? { data: [{ id: 'log-linear' }] } : b) },
  ],
  ['job-events', 'lacks', 'returns no losses', { answer: (b, path) => (path.includes('/events') ? bare(b) : b) }],
  [
    'job-checkpoints',
    'lacks',
    'keeps no checkpoints',
    { answer: (b, path) => (path.includes('/checkpoints') ? { ...b, data: [] } : b) },
  ],
  ['jobs-at-once', 'breaks', 'gives two jobs one model', { ask: (b) => ('seed' in b ? { ...b, seed: 1 } : b) }],
  [
    'job-key-conflict',
    'breaks',
    'takes another request under one key',
    { status: (status) => (status === 409 ? 200 : status) },
  ],
  [
    'job-unknown-model',
    'breaks',
    'breaks down at an unknown model',
    { status: (status) => (status === 404 ? 500 : status) },
  ],
  ['job-unknown', 'breaks', 'knows every job', statusOf('/fine_tuning/jobs/ftjob-unknown', 200)],
  ['chat', 'lacks', 'knows no chat', statusOf('/chat/completions', 404)],
  ['chat', 'breaks', 'has no message', choices((list) => list.map(without('message')))],
  ['completions', 'lacks', 'knows no text completions', statusOf('/completions', 404)],
  ['concurrent', 'breaks', 'mixes up answers in a crowd', { answer: crowded }],
  ['seed', 'lacks', 'passes over seed', { answer: (b, _path, asked) => ('seed' in asked ? unlike(b) : b) }],
  [
    'unknown-parameter',
    'breaks',
    'breaks down at an unknown parameter',
    { status: (status, _path, asked) => ('no_such_parameter_anywhere' in asked ? 500 : status) },
  ],
  [
    'chat-logprobs',
    'lacks',
    'returns none in chat',
    { ask: (b, path) => (path.includes('/chat/') ? without('logprobs')(b) : b) },
  ],
  [
    'echo-then-write',
    'breaks',
    'writes nothing behind an echo',
    { ask: (b) => (b['echo'] === true ? { ...b, max_tokens: 0 } : b) },
  ],
  ['tokenize', 'breaks', 'counts a start where none is', { ask: without('add_special_tokens') }],
  [
    'tokenize-messages',
    'lacks',
    'cuts no messages',
    { status: (status, path, asked) => (path === '/tokenize' && 'messages' in asked ? 400 : status) },
  ],
  ['token-id-arrays', 'breaks', 'scores the first list only', choices((list) => list.slice(0, 1))],
  ['return-token-ids', 'lacks', 'returns no ids', { ask: without('return_token_ids') }],
  [
    'base-answers',
    'breaks',
    'has forgotten the base',
    { status: (status, path, asked) => (path === '/v1/completions' && asked['model'] === 'log-linear' ? 404 : status) },
  ],
  [
    'unicode',
    'breaks',
    'breaks down at an emoji',
    { status: (status, _path, asked) => (JSON.stringify(asked).includes('🙂') ? 500 : status) },
  ],
  ['empty-input', 'breaks', 'answers to nothing', { status: (status) => (status === 400 ? 200 : status) }],
  ['wrong-types', 'breaks', 'takes any value', { ask: without('max_tokens', 'stop') }],
  ['too-large', 'breaks', 'takes any amount', { status: (status) => (status === 413 ? 200 : status) }],
  ['wrong-key', 'lacks', 'lets every key in', { headers: (all) => ({ ...all, authorization: `Bearer ${apiKey}` }) }],
  ['unknown-model', 'breaks', 'answers with another model', { ask: (body) => ({ ...body, model: 'log-linear' }) }],
  [
    'malformed-json',
    'breaks',
    'says what is wrong in HTML',
    { words: (text, s) => (s < 400 ? text : '<h1>Oops</h1>') },
  ],
  ['usage', 'lacks', 'counts no tokens', { answer: without('usage') }],
  [
    'usage',
    'breaks',
    'counts wrongly',
    { answer: (b) => ('usage' in b ? { ...b, usage: { prompt_tokens: 'x' } } : b) },
  ],
  ['n', 'breaks', 'passes over n', { ask: without('n') }],
  ['stop', 'breaks', 'passes over stop', { ask: without('stop') }],
  ['stream', 'breaks', 'passes over stream', { ask: without('stream') }],
  ['max-tokens', 'breaks', 'passes over max_tokens', { ask: without('max_tokens') }],
  [
    'greedy',
    'lacks',
    'never writes the same twice',
    choices((list) =>
      list.map((choice) => ({
        ...choice,
        text: `${(calls += 1)}`,
        message: { role: 'assistant', content: `${calls}` },
      })),
    ),
  ],
  ['prompt-arrays', 'breaks', 'answers the first prompt only', choices((list) => list.slice(0, 1))],
  [
    'prompt-arrays',
    'breaks',
    'mixes the prompts up',
    choices((list) => list.map((c, at) => ({ ...c, index: list.length - 1 - at }))),
  ],
  [
    'over-long-input',
    'breaks',
    'cuts what is too long',
    { ask: (body) => ({ ...body, prompt: cut(body['prompt']), messages: messagesCut(body['messages']) }) },
  ],
  ['over-long-input', 'lacks', 'refuses what is too long without saying so', { answer: refusal('Bad request.') }],
  [
    'over-long-input',
    'holds',
    'says in words alone that it is too long',
    { answer: refusal("This model's maximum context length is 64 tokens.") },
  ],
  ['completion-logprobs', 'lacks', 'returns no log probabilities', { ask: without('logprobs') }],
  [
    'completion-logprobs',
    'breaks',
    'returns probabilities above 1',
    logprobs((l) => ({ ...l, token_logprobs: l.token_logprobs.map(() => 0.5) })),
  ],
  [
    'top-logprobs',
    'breaks',
    'lists alternatives of more than 1 together',
    logprobs((l) => ({
      ...l,
      token_logprobs: l.token_logprobs.map(() => -0.1),
      top_logprobs: l.tokens.map(() => ({ a: -0.1, b: -0.1 })),
    })),
  ],
  [
    'echo',
    'breaks',
    'knows how likely the first token is',
    logprobs((l) => ({ ...l, token_logprobs: l.token_logprobs.map((v) => v ?? -1) })),
  ],
  ['echo', 'lacks', 'passes over echo', { ask: without('echo') }],
  ['echo-offsets', 'lacks', 'knows no offsets', logprobs((l) => ({ ...l, text_offset: l.tokens.map(() => -1) }))],
  [
    'echo-offsets',
    'breaks',
    'counts UTF-16 units',
    logprobs((l) => ({ ...l, text_offset: l.tokens.map((_, at) => l.tokens.slice(0, at).join('').length) })),
  ],
  [
    'echo-unicode',
    'breaks',
    'composes accents',
    choices((list) => list.map((c) => ({ ...c, text: String(c['text']).normalize('NFC') }))),
  ],
  [
    'echo-in-arrays',
    'breaks',
    'scores otherwise in company',
    logprobs((l, asked) => ({
      ...l,
      token_logprobs: l.token_logprobs.map((v) => (v !== null && Array.isArray(asked['prompt']) ? v - 1 : v)),
    })),
  ],
  [
    'scored-as-written',
    'breaks',
    'returns tempered log probabilities while it writes',
    logprobs((l, asked) => ({
      ...l,
      token_logprobs: l.token_logprobs.map((v) => (asked['echo'] === true ? v : (v ?? 0) - 0.5)),
    })),
  ],
  [
    'echo-sum',
    'breaks',
    'scores a token by what comes after it',
    logprobs((l) => ({ ...l, token_logprobs: l.token_logprobs.map((v) => (v === null ? v : v - l.tokens.length)) })),
  ],
  [
    'token-id-prompts',
    'breaks',
    'cuts a token off',
    { ask: (b) => (Array.isArray(b['prompt']) ? { ...b, prompt: [0] } : b) },
  ],
  [
    'job-created-once',
    'lacks',
    'passes over Idempotency-Key',
    { headers: (all) => Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'idempotency-key')) },
  ],
  ['job-found-by-metadata', 'lacks', 'forgets metadata', { ask: without('metadata') }],
  ['job-broken-file', 'lacks', 'names no line', { words: (text) => text.replaceAll(/line \d+/gi, 'some line') }],
  [
    'job-cancel',
    'breaks',
    'says it cancels, and goes on',
    {
      path: (path) => path.replace('/cancel', '/checkpoints'),
      answer: uncancelled,
      status: (status, path) => (path.endsWith('/cancel') ? 200 : status),
    },
  ],
  [
    'training-teaches',
    'breaks',
    'serves the base by another name',
    { ask: (b, path) => (path.endsWith('/completions') ? { ...b, model: 'log-linear' } : b) },
  ],
  [
    'model-listed',
    'lacks',
    'lists other models',
    { answer: (b, path) => (path === '/v1/models' ? { data: [{ id: 'other' }] } : b) },
  ],
];

function uncancelled(body: Record<string, unknown>, path: string): Record<string, unknown> {
  if (!path.endsWith('/cancel')) return body;
  const job = { id: path.split('/')[4] ?? '', object: 'fine_tuning.job', model: 'log-linear', status: 'running' };
  return { ...job, fine_tuned_model: null, training_file: 'file' };
}

function refusal(message: string): NonNullable<Fault['answer']> {
  return (body) => ('error' in body ? { error: { message, type: 'BadRequestError', code: null } } : body);
}

function statusOf(end: string, reported: number): Fault {
  return { status: (status, path) => (path.startsWith(`/v1${end}`) ? reported : status) };
}

function bare(body: Record<string, unknown>): Record<string, unknown> {
  return { ...body, data: [{ id: 'ftevent-1', message: 'trained', type: 'message' }], has_more: false };
}

function unlike(body: Record<string, unknown>): Record<string, unknown> {
  const changed = choices((list) =>
    list.map((choice) => ({ ...choice, text: `${(calls += 1)}`, message: { role: 'assistant', content: `${calls}` } })),
  );
  return changed.answer?.(body, '', {}) ?? body;
}

/** Lies once it has answered as many requests as the cases before send, and those that are sent one by one. */
let answered = 0;
function crowded(body: Record<string, unknown>, path: string, asked: Record<string, unknown>): Record<string, unknown> {
  if (!path.endsWith('/v1/completions') || asked['max_tokens'] !== 24) return body;
  answered += 1;
  return answered > 12 ? unlike(body) : body;
}

it('there is a fault for every check but those that need a killed server or a bill', () => {
  const reported = new Set(faults.map(([id]) => id));
  const untold = contractCases.map(({ id }) => id).filter((id) => !reported.has(id));
  expect(untold).toEqual(['idempotency-key', 'job-survives-kill']);
});

let server: EmbeddedServer | undefined;
let trainedModel = '';
const state = mkdtempSync(join(tmpdir(), 'faulty-'));

beforeAll(async () => {
  server = await startEmbedded({ state, apiKey });
  trainedModel = await trained(clientOf(server.url, apiKey), 'log-linear', trainingText(4));
});
afterAll(async () => {
  await server?.close();
  rmSync(state, { recursive: true });
});

it.each(faults)('%s: %s where the server %s%s', async (id, verdict, _, fault) => {
  const cases = withNeeds(id);
  const training = cases.some((each) => each.id === 'file-upload');
  const address = await startLiar(fault, server === undefined ? '' : new URL(server.url).origin);
  const { findings } = await examine({
    address: () => address,
    apiKey,
    timeoutMs: 20_000,
    // What trains nothing asks a model that was trained before.
    model: training ? 'log-linear' : trainedModel,
    means: {
      training: training ? { base: 'log-linear', retryForMs: 30_000 } : { forbidden: 'not for this' },
      bulky: true,
    },
    cases,
  });
  const finding = findings.at(-1);
  expect(finding?.case.id).toBe(id);
  expect({ verdict: finding?.verdict, wants: finding?.wants ?? null }, finding?.detail ?? '').toEqual({
    verdict,
    wants: null,
  });
});

/** The case last, before it what it needs and what shows which APIs there are. */
function withNeeds(id: string): readonly ContractCase[] {
  const wanted = new Set(['model-listed', 'chat', 'completions', 'greedy', 'tokenize', id]);
  for (const each of contractCases.toReversed()) {
    if (wanted.has(each.id)) for (const need of each.needs ?? []) wanted.add(need);
  }
  const [last] = contractCases.filter((each) => each.id === id);
  const own = contractCases.filter((each) => each.id !== id && wanted.has(each.id));
  return last === undefined ? own : [...own, last];
}
