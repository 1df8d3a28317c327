/** Prompt log probabilities: what `select: ifd` scores with where token ids cannot be sent. */
import { codePointLength } from '../../domain/code-points.ts';
import type { ContractCase } from '../case.ts';
import { demand, lacks } from '../case.ts';
import { complete, logprobsOf, sumFrom, tryComplete } from '../requests/ask.ts';
import { given } from '../requests/replies.ts';
import { prompt, taught, unicodeText } from '../requests/samples.ts';
import { TextAnswer } from '../requests/shapes.ts';
import type { Logprobs, TextChoice } from '../requests/shapes.ts';

const scoring = { echo: true, logprobs: 1, max_tokens: 0 };
const tolerance = 0.02;
const noIfd = 'No `select: ifd` unless token ids can be sent: write `switches: { select: uncertainty }`.';

export const echoCases: readonly ContractCase[] = [
  {
    id: 'echo',
    area: 'log probabilities',
    title: 'returns the log probability of every token of a given text but the first',
    needs: ['completions'],
    loss: noIfd,
    async check(site) {
      const text = prompt + taught;
      const choice = await tryComplete(site, text, scoring, 'echo with logprobs and max_tokens 0');
      if (choice.logprobs === undefined || choice.logprobs === null) lacks('`echo` comes without log probabilities');
      if (choice.text === '') lacks('`echo` is passed over');
      demand(choice.text === text, `the echo reads ${JSON.stringify(choice.text.slice(-60))}`);
      const { token_logprobs: values } = logprobsOf(choice, 'echo', 1);
      demand(values.length > 2, `${text.length} characters, ${values.length} tokens`);
      demand(values[0] === null, `nothing precedes the first token, and it has the log probability ${values[0]}`);
      const known = new Set(values.slice(1));
      demand(known.size > 1, 'every token has the same log probability');
      return `${values.length} tokens`;
    },
  },
  {
    id: 'echo-offsets',
    area: 'log probabilities',
    title: 'says where each token begins, in characters',
    needs: ['echo'],
    loss: noIfd,
    async check(site) {
      for (const text of [prompt, unicodeText]) {
        const { tokens, text_offset: offsets } = logprobsOf(await complete(site, text, scoring), 'echo', 1);
        if (offsets === undefined || offsets === null || offsets.some((offset) => offset < 0))
          lacks('the tokens come without text_offset');
        demand(offsets.length === tokens.length, `${tokens.length} tokens, ${offsets.length} offsets`);
        demand(offsets[0] === 0, `the first token begins at ${offsets[0]}`);
        const falling = offsets.findIndex((offset, at) => offset < (offsets[at - 1] ?? 0));
        demand(falling === -1, `token ${falling} begins before the one in front of it`);
        // Code points, as Python counts them: the last token is plain and says whether the ones before it were.
        const last = tokens.at(-1) ?? '';
        const end = (offsets.at(-1) ?? 0) + codePointLength(last);
        const length = codePointLength(text);
        demand(end === length, `${length} characters, and the last token ${JSON.stringify(last)} ends at ${end}`);
      }
    },
  },
  {
    id: 'echo-unicode',
    area: 'log probabilities',
    title: 'gives back any text as it was',
    needs: ['echo'],
    async check(site) {
      for (const text of [unicodeText, ` ${unicodeText}\n\n\t${unicodeText} `, 'a', '</s><|endoftext|>']) {
        const choice = await complete(site, text, scoring);
        demand(choice.text === text, `sent ${JSON.stringify(text)}, echoed ${JSON.stringify(choice.text)}`);
        logprobsOf(choice, `echo of ${JSON.stringify(text)}`, 1);
      }
    },
  },
  {
    id: 'echo-in-arrays',
    area: 'log probabilities',
    title: 'scores a text among others as it scores it alone',
    needs: ['echo', 'prompt-arrays'],
    loss: 'Scores depend on what is scored beside: the same seed need not give the same training set.',
    async check(site) {
      const texts = ['a b c', prompt, prompt + taught, taught];
      const body = { model: site.subject, prompt: texts, temperature: 0, ...scoring };
      const reply = await site.wire.send({ method: 'POST', path: '/completions', body });
      for (const [index, text] of texts.entries()) {
        const together = logprobsOf(choiceAt(given(reply, TextAnswer, 'texts at once').choices, index), 'echo', 1);
        const alone = logprobsOf(await complete(site, text, scoring), 'echo', 1);
        agree(together, alone, `text ${index} of ${texts.length}`);
      }
    },
  },
  {
    id: 'echo-then-write',
    area: 'log probabilities',
    title: 'echo of a prompt and what it writes is both, one after the other',
    needs: ['echo', 'completion-logprobs', 'greedy'],
    async check(site) {
      const [score, write] = [scoring, { logprobs: 1, max_tokens: 8 }];
      const alone = logprobsOf(await complete(site, prompt, score), 'echo', 1);
      const written = await complete(site, prompt, write);
      const both = await complete(site, prompt, { ...write, echo: true });
      demand(both.text === prompt + written.text, `it reads ${JSON.stringify(both.text.slice(prompt.length))}`);
      const joined = logprobsOf(both, 'echo and writing', 1);
      const parts = [...alone.token_logprobs, ...logprobsOf(written, 'writing').token_logprobs];
      agree(joined, { ...alone, token_logprobs: parts }, 'echo and writing');
    },
  },
];

function choiceAt(choices: readonly TextChoice[], index: number): TextChoice {
  const found = choices.find((choice) => choice.index === index);
  demand(found !== undefined, `there is no choice ${index}`);
  return found;
}

/** The same tokens with the same log probabilities, on the average of all. */
export function agree(left: Logprobs, right: Logprobs, what: string): void {
  const [count, other] = [left.token_logprobs.length, right.token_logprobs.length];
  demand(count === other, `${what}: ${count} tokens here, ${other} there`);
  const distance = Math.abs(sumFrom(left, 0) - sumFrom(right, 0)) / Math.max(1, count);
  demand(distance <= tolerance, `${what}: log probabilities differ by ${distance.toFixed(3)} a token`);
}
