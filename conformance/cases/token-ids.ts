/** Token ids in and out: the exact way to score, without tokenizing a text a second time (vLLM's parameters). */
import type { ContractCase } from '../case.ts';
import { demand, lacks, unasked } from '../case.ts';
import { complete, logprobsOf, postText, sumFrom, tryComplete } from '../requests/ask.ts';
import { granted } from '../requests/replies.ts';
import { prompt, prompts, taught } from '../requests/samples.ts';
import { TextAnswer, Tokens } from '../requests/shapes.ts';
import type { Site } from '../requests/site.ts';

const scoring = { echo: true, logprobs: 1, max_tokens: 0 };
/** A larger difference in mean log probability is another distribution. */
const tolerance = 0.02;
const byText = 'Scoring sends text in place of ids: the words at the seam of prompt and answer may be cut otherwise.';

export const tokenCases: readonly ContractCase[] = [
  {
    id: 'tokenize',
    area: 'token ids',
    title: '`/tokenize` cuts a text as the model reads it',
    needs: ['completions'],
    loss: byText,
    async check(site) {
      const whole = await tokenize(site, { prompt });
      const bare = await tokenize(site, { prompt, add_special_tokens: false });
      const start = await tokenize(site, { prompt: '' });
      demand(bare.length > 2, `${prompt.length} characters, ${bare.length} tokens`);
      const joined = [...start, ...bare];
      demand(whole.join() === joined.join(), 'the start and the bare text together are not the text');
      if (start.length === 0) lacks('nothing precedes a text, so a text alone would have no first log probability');
      return `${start.length} before a text`;
    },
  },
  {
    id: 'tokenize-messages',
    area: 'token ids',
    title: '`/tokenize` takes messages',
    needs: ['tokenize', 'chat'],
    async check(site) {
      const messages = [{ role: 'user', content: prompt }];
      const ids = await tokenize(site, { messages, add_generation_prompt: true });
      demand(ids.length > 2, `${prompt.length} characters, ${ids.length} tokens`);
    },
  },
  {
    id: 'token-id-prompts',
    area: 'token ids',
    title: 'a prompt of token ids is answered as its text is',
    needs: ['tokenize', 'greedy'],
    loss: byText,
    async check(site) {
      const ids = await tokenize(site, { prompt });
      const [fromIds, fromText] = [
        await tryComplete(site, ids, { max_tokens: 8 }, 'a prompt of token ids'),
        await complete(site, prompt, { max_tokens: 8 }),
      ];
      demand(fromIds.text === fromText.text, 'the ids of a text are answered otherwise than the text');
    },
  },
  {
    id: 'token-id-arrays',
    area: 'token ids',
    title: 'many prompts of token ids in one request',
    needs: ['token-id-prompts', 'echo'],
    loss: 'Every text is scored by a request of its own: selection is slower.',
    async check(site) {
      const lists = [];
      for (const each of prompts) lists.push(await tokenize(site, { prompt: each }));
      const { choices } = granted(await postText(site, lists, scoring), TextAnswer, `${lists.length} lists of ids`);
      demand(choices.length === lists.length, `${lists.length} lists of ids, ${choices.length} choices`);
      for (const choice of choices) {
        const { token_logprobs: values } = logprobsOf(choice, 'echo of ids', 1);
        const sent = lists[choice.index]?.length ?? 0;
        demand(values.length === sent, `${sent} ids were sent, ${values.length} are scored`);
      }
    },
  },
  {
    id: 'return-token-ids',
    area: 'token ids',
    title: '`return_token_ids` returns the ids it read and wrote',
    needs: ['token-id-prompts'],
    loss: byText,
    async check(site) {
      const more = { max_tokens: 8, logprobs: 1, return_token_ids: true };
      const choice = await tryComplete(site, prompt, more, 'return_token_ids');
      const { token_ids: ids, prompt_token_ids: read } = choice;
      if (ids === undefined || ids === null) lacks('`return_token_ids` is passed over');
      const tokens = logprobsOf(choice, 'writing').tokens.length;
      // Some list the end of the sequence in one of the two.
      demand(Math.abs(ids.length - tokens) <= 1, `${ids.length} ids for ${tokens} tokens`);
      if (read === undefined || read === null) return;
      const wanted = await tokenize(site, { prompt });
      demand(read.join() === wanted.join(), 'it read other ids than /tokenize makes of the prompt');
    },
  },
  {
    id: 'echo-sum',
    area: 'token ids',
    title: 'prompt and answer are as likely together as the prompt, times the answer after it',
    needs: ['token-id-arrays', 'return-token-ids'],
    loss: 'IFD compares what cannot be compared: write `switches: { select: uncertainty }`.',
    async check(site) {
      const asked = await tokenize(site, { prompt });
      const answer = await tokenize(site, { prompt: taught, add_special_tokens: false });
      const whole = logprobsOf(await complete(site, [...asked, ...answer], scoring), 'echo of ids', 1);
      const first = logprobsOf(await complete(site, asked, scoring), 'echo of ids', 1);
      const total = sumFrom(whole, 0);
      const parts = sumFrom(first, 0) + sumFrom(whole, asked.length);
      const distance = Math.abs(total - parts) / (asked.length + answer.length);
      demand(distance <= tolerance, `together ${total.toFixed(3)}, in parts ${parts.toFixed(3)}`);
      const halves = Math.max(1, Math.floor(answer.length / 2));
      const before = logprobsOf(
        await complete(site, [...asked, ...answer.slice(0, halves)], scoring),
        'echo of ids',
        1,
      );
      const early = Math.abs(sumFrom(before, 0) - sumFrom(whole, 0) + sumFrom(whole, asked.length + halves));
      demand(early / (asked.length + halves) <= tolerance, 'a token is likelier or less so for what comes after it');
    },
  },
  {
    id: 'scored-as-written',
    area: 'token ids',
    title: 'what it wrote scores as it did while it was written',
    needs: ['return-token-ids', 'token-id-arrays', 'completion-logprobs'],
    loss: 'A run scores twice (`rescore`): both terms of IFD come from a scoring pass, which is slower.',
    async check(site) {
      let scored = 0;
      for (const each of prompts) {
        const more = { max_tokens: 24, logprobs: 1, return_token_ids: true };
        const written = await complete(site, each, more);
        const ids = written.token_ids ?? [];
        const said = logprobsOf(written, 'writing').token_logprobs.slice(0, ids.length);
        if (ids.length === 0 || said.length < ids.length) continue;
        const asked = await tokenize(site, { prompt: each });
        const echo = logprobsOf(await complete(site, [...asked, ...ids], scoring), 'echo of ids', 1);
        const difference = sumFrom({ ...echo, token_logprobs: said }, 0) - sumFrom(echo, asked.length);
        const mean = Math.abs(difference) / ids.length;
        demand(mean <= tolerance, `${mean.toFixed(3)} a token apart; ${tolerance} are allowed`);
        scored += 1;
      }
      if (scored === 0) unasked('it wrote nothing to score');
      return `${scored} texts`;
    },
  },
];

async function tokenize(site: Site, what: object): Promise<readonly number[]> {
  const body = { model: site.subject, ...what };
  const reply = await site.wire.send({ method: 'POST', path: '/tokenize', root: true, body });
  const { tokens, max_model_len: length } = granted(reply, Tokens, '/tokenize');
  site.contextLength ??= length ?? undefined;
  return tokens;
}
