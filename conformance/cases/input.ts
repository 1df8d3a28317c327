/** Edge cases of input: any script, empty, far too long. */
import type { ContractCase } from '../case.ts';
import { breaks, demand, lacks, unasked } from '../case.ts';
import { faces } from '../requests/ask.ts';
import { codeOf, isRefused, messageOf, refused, said } from '../requests/replies.ts';
import { unicodeText } from '../requests/samples.ts';
import { Usage } from '../requests/shapes.ts';
import { saysTooLong } from '../../adapters/openai/too-long.ts';
import { z } from 'zod';

/** Words to send where no limit is known. */
const manyWords = 300_000;
/** Longer contexts are not filled for a probe. */
const longestProbe = 400_000;
const Used = z.object({ usage: Usage });

export const inputCases: readonly ContractCase[] = [
  {
    id: 'unicode',
    area: 'writing',
    title: 'reads any script',
    async check(site) {
      for (const face of faces(site)) {
        for (const text of [unicodeText, `\u{1f642}`.repeat(50), 'a\u0000b', ' \n\t ']) {
          const reply = await face.post(text, { max_tokens: 4 });
          if (isRefused(reply)) refused(reply, [400, 422], `${face.name} with ${JSON.stringify(text.slice(0, 20))}`);
          else demand(reply.status === 200, `${face.name} with ${JSON.stringify(text)}: answered ${said(reply)}`);
        }
      }
    },
  },
  {
    id: 'empty-input',
    area: 'errors',
    title: 'an empty text is answered or refused, no text at all is refused',
    async check(site) {
      for (const face of faces(site)) {
        const reply = await face.post('', { max_tokens: 4 });
        if (reply.status !== 200) refused(reply, [400, 422], `${face.name} with an empty text`);
        const path = `/${face.name}`;
        for (const nothing of [{ messages: [], prompt: [] }, {}]) {
          const body = { model: site.subject, ...nothing };
          refused(await site.wire.send({ method: 'POST', path, body }), [400, 422], `${face.name} with no text`);
        }
      }
    },
  },
  {
    id: 'over-long-input',
    area: 'errors',
    title: 'a text beyond its context is refused as too long, and never cut in silence',
    loss: 'A row that is too long blocks the run, or is answered without having been read: leave such rows out.',
    async check(site) {
      const length = site.contextLength;
      if (length === undefined && !site.means.bulky) unasked('it does not say how much is too much, and asking costs');
      if ((length ?? 0) > longestProbe) unasked(`its context of ${length} tokens is not filled for a probe`);
      const words = length === undefined ? manyWords : length + 1;
      for (const face of faces(site)) {
        const reply = await face.post('it '.repeat(words), { max_tokens: 1 });
        if (reply.status === 200) {
          const read = Used.safeParse(reply.json).data?.usage.prompt_tokens;
          if (read === undefined) unasked(`it answered ${words} words, and does not say how many it read`);
          if (length !== undefined && read > length)
            breaks(`${face.name}: its context has ${length} tokens, it took ${read}`);
          if (read < words / 2) breaks(`${face.name}: ${words} words were sent, it read ${read} and said nothing`);
          return `${words} words are not too long`;
        }
        refused(reply, [400, 413, 422], `${face.name} with ${words} words`);
        const code = codeOf(reply) ?? 'none';
        // As a run distinguishes it: with any other 400 the whole request is wrong.
        if (reply.status === 400 && !saysTooLong({ code, message: messageOf(reply) }))
          lacks(`${face.name} says 400 with the code ${code} and no word of length, not context_length_exceeded`);
      }
      return `after ${length ?? `less than ${manyWords}`} tokens`;
    },
  },
];
