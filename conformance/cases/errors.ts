/** Requests that are wrong: refused with a status that says whose fault it is, and OpenAI's error object. */
import type { ContractCase } from '../case.ts';
import { demand, lacks, unasked } from '../case.ts';
import { faces } from '../requests/ask.ts';
import { codeOf, refused, said } from '../requests/replies.ts';
import { prompt } from '../requests/samples.ts';
import { sendTooMuch } from '../requests/too-much.ts';

const unknownModel = 'no-such-model-anywhere';
/** Above the limit of every server we know of; vLLM has none. */
const muchMegabytes = 65;

export const errorCases: readonly ContractCase[] = [
  {
    id: 'unknown-model',
    area: 'errors',
    title: 'an unknown model is a 404, whatever else is asked',
    loss: 'A run that names a missing model gets a different error.',
    async check(site) {
      for (const face of faces(site)) {
        const reply = await face.post(prompt, { model: unknownModel, max_tokens: 1 });
        refused(reply, [404], `${face.name} with the model ${unknownModel}`);
      }
    },
  },
  {
    id: 'malformed-json',
    area: 'errors',
    title: 'a body that is no JSON is a 400',
    async check(site) {
      for (const { name } of faces(site)) {
        for (const body of ['{"model": ', '', '[1, 2', '\u0000']) {
          const reply = await site.wire.send({ method: 'POST', path: `/${name}`, body });
          refused(reply, [400, 422], `${name} with the body ${JSON.stringify(body)}`);
        }
      }
    },
  },
  {
    id: 'wrong-types',
    area: 'errors',
    title: 'a value of the wrong kind is refused',
    async check(site) {
      const wrong = [{ max_tokens: 'many' }, { max_tokens: -1 }, { messages: 'hello', prompt: { a: 1 } }, { stop: 7 }];
      for (const face of faces(site)) {
        for (const more of wrong) {
          const reply = await face.post(prompt, more);
          refused(reply, [400, 422], `${face.name} with ${JSON.stringify(more)}`);
        }
        const body = [{ model: site.subject }];
        const list = await site.wire.send({ method: 'POST', path: `/${face.name}`, body });
        refused(list, [400, 422], `${face.name} with a list for a body`);
      }
    },
  },
  {
    id: 'wrong-key',
    area: 'errors',
    title: 'a wrong key, or none, is a 401',
    loss: 'A run with a wrong key gets a different error.',
    async check(site) {
      if (site.wire.settings.apiKey === undefined) unasked('it is asked without a key');
      for (const { name } of faces(site)) {
        for (const apiKey of ['wrong', null]) {
          const reply = await site.wire.send({ method: 'POST', path: `/${name}`, body: {}, apiKey });
          const what = apiKey === null ? `${name} without a key` : `${name} with a wrong key`;
          if ([400, 422].includes(reply.status)) lacks(`${what}: looks at the request, so it takes any key`);
          refused(reply, [401, 403], what);
        }
      }
    },
  },
  {
    id: 'too-large',
    area: 'errors',
    title: 'a body beyond its limit is a 413, or refused as too long, and the next request is answered',
    async check(site) {
      if (!site.means.bulky) unasked(`${muchMegabytes} MB are sent to this machine only`);
      const [face] = faces(site);
      demand(face !== undefined, 'there is nothing to send to');
      const reply = await sendTooMuch(site.wire.settings, `/${face.name}`, muchMegabytes);
      if (reply.status === 413) refused(reply, [413], `${muchMegabytes} MB`);
      else refused(reply, [400, 422], `${muchMegabytes} MB`);
      const next = await face.post(prompt, { max_tokens: 1 });
      demand(next.status === 200, `the request after it: answered ${said(next)}`);
      return reply.status === 413 ? '413' : `${reply.status} ${codeOf(reply) ?? ''}`;
    },
  },
];
