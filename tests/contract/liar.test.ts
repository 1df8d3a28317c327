import { expect, it } from 'vitest';
import { contractCases } from '../../adapters/openai/contract/all-cases.ts';
import type { ContractCase, Verdict } from '../../adapters/openai/contract/case.ts';
import { examine } from '../../adapters/openai/contract/examine.ts';
import { apiKey, choices, logprobs, startLiar, without } from './liar.ts';
import type { Lie } from './liar.ts';

let calls = 0;
const cut = (value: unknown): unknown =>
  typeof value === 'string' && value.length > 9000 ? value.slice(0, 90) : value;
const messagesCut = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((message) => ({ ...message, content: cut(message.content) })) : value;

/** Which case sees which lie. */
const lies: readonly (readonly [id: string, verdict: Verdict, what: string, lie: Lie])[] = [
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
  ['completion-logprobs', 'lacks', 'tells no log-probabilities', { ask: without('logprobs') }],
  [
    'completion-logprobs',
    'breaks',
    'tells probabilities above 1',
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
    'tells tempered log-probabilities while it writes',
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

it.each(lies)('%s: %s where the server %s%s', async (id, verdict, _, lie) => {
  const address = await startLiar(lie);
  const { findings } = await examine({
    address: () => address,
    apiKey,
    timeoutMs: 20_000,
    model: 'log-linear',
    means: { training: { base: 'log-linear', patienceMs: 30_000 }, bulky: true },
    cases: withNeeds(id),
  });
  const finding = findings.at(-1);
  expect(finding?.case.id).toBe(id);
  expect({ verdict: finding?.verdict, wants: finding?.wants ?? null }, finding?.detail ?? '').toEqual({
    verdict,
    wants: null,
  });
});

/** The case, what it needs, and what tells which faces there are. */
function withNeeds(id: string): readonly ContractCase[] {
  const wanted = new Set([
    'model-listed',
    'file-upload',
    'job-trains',
    'chat',
    'completions',
    'greedy',
    'tokenize',
    id,
  ]);
  for (const each of [...contractCases].reverse()) {
    if (wanted.has(each.id)) for (const need of each.needs ?? []) wanted.add(need);
  }
  const last = contractCases.findIndex((each) => each.id === id);
  const before = contractCases.slice(0, last + 1);
  const later = contractCases
    .slice(last + 1)
    .filter((each) => wanted.has(each.id) && !['training'].includes(each.area));
  const own = before.filter((each) => each.id !== id && wanted.has(each.id));
  return [...own, ...(contractCases[last]?.area === 'errors' ? later : []), ...before.slice(-1)];
}
