/** The two ways to have a text written, and what a run counts on in each. */
import type { ContractCase } from '../case.ts';
import { demand, lacks, unasked } from '../case.ts';
import { complete, faces, postChat, postText } from '../requests/ask.ts';
import { given, granted, said } from '../requests/replies.ts';
import { prompt, prompts } from '../requests/samples.ts';
import { ChatAnswer, TextAnswer, Usage } from '../requests/shapes.ts';
import { z } from 'zod';

const shortest = 24;
/** Characters; a token of the embedded students may be a whole line. */
const longestToken = 40;
const Metered = z.object({ usage: Usage });

export const writingCases: readonly ContractCase[] = [
  {
    id: 'chat',
    area: 'writing',
    title: 'chat completions',
    loss: 'It can be no teacher, and no student with `switches: { format: chat }`.',
    async check(site) {
      const reply = await postChat(site, prompt, { max_tokens: shortest });
      granted(reply, ChatAnswer, 'chat/completions');
    },
  },
  {
    id: 'completions',
    area: 'writing',
    title: 'text completions',
    loss: 'It can be no student: a run asks its student for text completions, to probe it and to select with it.',
    async check(site) {
      granted(await postText(site, prompt, { max_tokens: shortest }), TextAnswer, 'completions');
    },
  },
  {
    id: 'usage',
    area: 'writing',
    title: 'counts the tokens of every answer',
    loss: 'Tokens and money cannot be counted: with `budget: { tokens }` or `{ usd }` every call stays charged at its worst case.',
    async check(site) {
      for (const face of faces(site)) {
        const reply = await face.post(prompt, { max_tokens: shortest });
        const reported = given(reply, z.object({ usage: z.unknown().optional() }), face.name).usage;
        if (reported === undefined || reported === null) lacks(`${face.name} reports no usage`);
        const usage = Usage.safeParse(reported);
        demand(usage.success, `${face.name}: the usage has another shape: ${JSON.stringify(reported).slice(0, 120)}`);
        const { prompt_tokens: read, completion_tokens: written, total_tokens: total } = usage.data;
        demand(total === read + written, `${face.name}: ${read} and ${written} tokens make ${total}`);
        demand(read > 0, `${face.name}: a prompt of ${prompt.length} characters has no tokens`);
        demand(written <= shortest, `${face.name}: ${shortest} tokens were allowed, ${written} are counted`);
      }
    },
  },
  {
    id: 'max-tokens',
    area: 'writing',
    title: 'stops after `max_tokens`',
    loss: 'Write `maxTokensField: max_completion_tokens` for a teacher; without a limit its worst case is unknown.',
    async check(site) {
      for (const face of faces(site)) {
        const what = `${face.name} with max_tokens`;
        const reply = await face.post(prompt, { max_tokens: 1 });
        const [one] = face.read(reply, what);
        const [long] = face.read(await face.post(prompt, { max_tokens: 60 }), what);
        const written = Metered.safeParse(reply.json).data?.usage.completion_tokens ?? 0;
        demand(written <= 1, `${what}: one token was allowed, ${written} are counted`);
        const more = one?.text === long?.text && (one?.text.length ?? 0) > longestToken;
        demand(!more, `${what}: one token was allowed, it wrote ${one?.text.length} characters`);
        if (one?.text === long?.text) continue;
        demand(one?.finish === 'length', `${what}: cut after one token, it says "${one?.finish}"`);
      }
    },
  },
  {
    id: 'greedy',
    area: 'writing',
    title: 'writes the same at temperature 0',
    loss: 'The same seed need not give the same training set: selection and scores move from run to run.',
    async check(site) {
      for (const face of faces(site)) {
        const texts = new Set<string>();
        for (let turn = 0; turn < 3; turn += 1) {
          const reply = await face.post(prompt, { max_tokens: shortest });
          texts.add(face.read(reply, face.name)[0]?.text ?? '');
        }
        if (texts.size > 1) lacks(`${face.name}: three tries, ${texts.size} texts`);
      }
    },
  },
  {
    id: 'prompt-arrays',
    area: 'writing',
    title: 'many prompts in one request, each answered as if alone',
    needs: ['completions'],
    loss: 'Every prompt is a request of its own: generation, scoring and evaluation are slower.',
    async check(site) {
      const reply = await postText(site, prompts, { max_tokens: shortest });
      const { choices } = granted(reply, TextAnswer, `${prompts.length} prompts at once`);
      const indexes = choices.map(({ index }) => index).sort((a, b) => a - b);
      const wanted = prompts.map((_, index) => index);
      demand(indexes.join() === wanted.join(), `${prompts.length} prompts, the choices ${indexes.join(', ')}`);
      for (const [index, each] of prompts.entries()) {
        const alone = await complete(site, each, { max_tokens: shortest });
        const together = choices.find((choice) => choice.index === index);
        demand(together?.text === alone.text, `prompt ${index} is answered otherwise among others than alone`);
      }
    },
  },
  {
    id: 'concurrent',
    area: 'writing',
    title: 'answers requests that arrive together as it answers them one by one',
    async check(site) {
      for (const face of faces(site)) {
        const wanted: (string | undefined)[] = [];
        for (const each of prompts) {
          wanted.push(face.read(await face.post(each, { max_tokens: shortest }), face.name)[0]?.text);
        }
        const asked = [...prompts, ...prompts];
        const replies = await Promise.all(asked.map((each) => face.post(each, { max_tokens: shortest })));
        for (const [at, reply] of replies.entries()) {
          demand(reply.status === 200, `${face.name}: of ${asked.length} requests at once, one got ${said(reply)}`);
          if (!site.held.has('greedy')) continue;
          const text = face.read(reply, face.name)[0]?.text;
          demand(text === wanted[at % prompts.length], `${face.name}: an answer changed, or went to another request`);
        }
      }
    },
  },
  {
    id: 'idempotency-key',
    area: 'writing',
    title: 'an Idempotency-Key is honoured',
    needs: ['chat'],
    loss: 'Calls that are in flight at a crash stay charged as forfeited, and are bought again.',
    async check(site) {
      const body = { model: site.subject, messages: [{ role: 'user', content: prompt }], max_tokens: 4 };
      const headers = { 'idempotency-key': `${site.nonce}-twice` };
      const ids: string[] = [];
      for (let turn = 0; turn < 2; turn += 1) {
        const reply = await site.wire.send({ method: 'POST', path: '/chat/completions', body, headers });
        ids.push(given(reply, ChatAnswer, 'chat/completions with an Idempotency-Key').id);
      }
      if (ids[0] !== ids[1]) lacks('two requests under one key got two answers');
      unasked(
        'no probe can prove it: two requests got one answer id, which is a sign, and no bill; declare ' +
          '`idempotency: { ttl }` only where the provider promises it',
      );
    },
  },
];
