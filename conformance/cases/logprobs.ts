/** Log probabilities of what a model writes. */
import type { ContractCase } from '../case.ts';
import { demand, lacks, unasked } from '../case.ts';
import { logprobsOf, postChat, postText, tryComplete } from '../requests/ask.ts';
import { granted } from '../requests/replies.ts';
import { prompt } from '../requests/samples.ts';
import { ChatAnswer, TextAnswer } from '../requests/shapes.ts';

const length = 24;
const alternatives = 5;
/** Room for what rounding to half precision adds. */
const slack = 1e-2;
const uncertainty = 'No `select: uncertainty` and no `select: ifd`: write `switches: { select: random }`.';

export const logprobCases: readonly ContractCase[] = [
  {
    id: 'completion-logprobs',
    area: 'log probabilities',
    title: 'returns the log probability of every token it writes',
    needs: ['completions'],
    loss: uncertainty,
    async check(site) {
      const what = 'completions with logprobs';
      const choice = await tryComplete(site, prompt, { max_tokens: length, logprobs: 1 }, what);
      if (choice.logprobs === undefined || choice.logprobs === null) lacks('`logprobs: 1` is passed over');
      const { tokens } = logprobsOf(choice, what);
      demand(tokens.length <= length, `${length} tokens were allowed, ${tokens.length} have log probabilities`);
      demand(tokens.length > 0 || choice.text === '', 'a text without a token');
      return choice.text === '' ? 'it wrote nothing' : `${tokens.length} tokens`;
    },
  },
  {
    id: 'top-logprobs',
    area: 'log probabilities',
    title: 'the alternatives at a place are no likelier together than 1, and none is likelier than the greedy choice',
    needs: ['completion-logprobs'],
    async check(site) {
      const reply = await postText(site, prompt, { max_tokens: length, logprobs: alternatives });
      const [choice] = granted(reply, TextAnswer, `logprobs: ${alternatives}`).choices;
      demand(choice !== undefined, 'no choice');
      const { top_logprobs: tops, token_logprobs: values } = logprobsOf(choice, `logprobs: ${alternatives}`);
      if (tops === undefined || tops === null) lacks('no alternatives are listed');
      if (values.length === 0) unasked('it wrote nothing');
      demand(tops.length === values.length, `${values.length} tokens, alternatives for ${tops.length}`);
      for (const [at, top] of tops.entries()) {
        const listed = Object.values(top ?? {});
        demand(listed.length > 0 && listed.length <= alternatives + 1, `token ${at}: ${listed.length} alternatives`);
        possible(listed, values[at] ?? 0, `token ${at}`);
      }
    },
  },
  {
    id: 'chat-logprobs',
    area: 'log probabilities',
    title: 'the same in chat completions',
    needs: ['chat'],
    loss: 'No `select: uncertainty` with `switches: { format: chat }`.',
    async check(site) {
      const reply = await postChat(site, prompt, { max_tokens: length, logprobs: true, top_logprobs: alternatives });
      const [choice] = granted(reply, ChatAnswer, 'chat with logprobs').choices;
      const tokens = choice?.logprobs?.content;
      if (tokens === undefined || tokens === null) lacks('`logprobs: true` is passed over');
      for (const [at, { token, logprob, top_logprobs: tops }] of tokens.entries()) {
        demand(logprob <= 1e-4, `token ${at} (${JSON.stringify(token)}) has the log probability ${logprob}`);
        possible(
          tops.map((top) => top.logprob),
          logprob,
          `token ${at}`,
        );
      }
      const text = choice?.message.content ?? '';
      const joined = tokens.map(({ token }) => token).join('');
      // A character may be cut in two tokens, which then have no text of their own.
      if (/^[\x20-\x7e\n]*$/.test(text))
        demand(joined.startsWith(text), `the tokens read ${JSON.stringify(joined)}, the text ${JSON.stringify(text)}`);
    },
  },
];

function possible(listed: readonly number[], chosen: number, what: string): void {
  const sum = listed.reduce((total, logprob) => total + Math.exp(logprob), 0);
  demand(sum <= 1 + slack, `${what}: the alternatives have a probability of ${sum.toFixed(3)} together`);
  const best = Math.max(...listed);
  demand(best <= chosen + slack, `${what}: ${chosen.toFixed(3)} was chosen, an alternative has ${best.toFixed(3)}`);
}
