/** Generation and scoring over `completions` and `chat/completions`. */
import type { Generation, Student, StudentRequest } from '../../../activities/ports/student.ts';
import type { Message } from '../../../contracts/records.ts';
import { codePointLength } from '../../../domain/code-points.ts';
import type { StudentEndpoint } from './student-endpoint.ts';
import { ChatCompletion, CompletionList, Tokens } from './student-shapes.ts';
import type { CompletionChoice } from './student-shapes.ts';

/** The prefix of a text that is scored alone, where token ids cannot be sent. */
const startText = '\n';

type Prompt = string | readonly number[];

export function studentText(endpoint: StudentEndpoint): Pick<Student, 'generate' | 'scoreAlone' | 'scoreAfter'> {
  /** One request for many prompts where the endpoint takes arrays, else, or when one prompt spoils it, one each. */
  async function complete(
    asked: StudentRequest,
    prompts: readonly Prompt[],
    parameters: object,
  ): Promise<(CompletionChoice | null)[]> {
    if (prompts.length === 0) return [];
    const together = asked.can.arrayPrompts && prompts.length > 1;
    const answer = await endpoint.ask(CompletionList, asked.signal, async (client, signal) =>
      client.post('/completions', {
        body: { model: asked.model, prompt: together ? prompts : prompts[0], ...parameters },
        signal,
      }),
    );
    if (prompts.length === 1) return [answer?.choices[0] ?? null];
    if (together && answer !== null) {
      const byIndex = new Map(answer.choices.map((choice) => [choice.index, choice]));
      return prompts.map((_, index) => byIndex.get(index) ?? null);
    }
    const single: (CompletionChoice | null)[] = [];
    for (const prompt of prompts) single.push(...(await complete(asked, [prompt], parameters)));
    return single;
  }

  async function chat(
    asked: StudentRequest,
    messages: readonly Message[],
    maxTokens: number,
  ): Promise<Generation | null> {
    const answer = await endpoint.ask(ChatCompletion, asked.signal, async (client, signal) =>
      client.post('/chat/completions', {
        body: {
          model: asked.model,
          messages,
          max_tokens: maxTokens,
          temperature: 0,
          logprobs: asked.can.outputLogprobs,
        },
        signal,
      }),
    );
    const choice = answer?.choices[0];
    if (choice === undefined) return null;
    const tokens = choice.logprobs?.content ?? [];
    return generationOf(
      choice.message.content ?? '',
      choice.finish_reason,
      [],
      tokens.map(({ token }) => token),
      tokens.map(({ logprob }) => logprob),
    );
  }

  async function score(
    asked: StudentRequest,
    prompts: readonly Prompt[],
    lengths: readonly TargetLength[],
  ): Promise<(number | null)[]> {
    const choices = await complete(asked, prompts, { max_tokens: 0, echo: true, logprobs: 1, temperature: 0 });
    return choices.map((choice, index) => meanOfTarget(choice, lengths[index]));
  }

  return {
    async generate(asked, prompts, maxTokens) {
      const texts = prompts.filter((prompt) => typeof prompt === 'string');
      if (texts.length < prompts.length) {
        return await Promise.all(
          prompts.map(
            async (prompt) =>
              await chat(asked, typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt, maxTokens),
          ),
        );
      }
      const choices = await complete(asked, texts, {
        max_tokens: maxTokens,
        temperature: 0,
        ...(asked.can.outputLogprobs ? { logprobs: 1 } : {}),
        ...(asked.can.promptLogprobs === 'token-ids' ? { return_token_ids: true } : {}),
      });
      return choices.map((choice) =>
        choice === null
          ? null
          : generationOf(
              choice.text,
              choice.finish_reason,
              choice.token_ids ?? [],
              choice.logprobs?.tokens ?? [],
              choice.logprobs?.token_logprobs ?? [],
            ),
      );
    },

    async scoreAlone(asked, generations) {
      const byIds = asked.can.promptLogprobs === 'token-ids';
      return await score(
        asked,
        generations.map(({ ids, text }) => (byIds ? [...asked.can.startIds, ...ids] : startText + text)),
        generations.map(({ ids, text }) => (byIds ? { tokens: ids.length } : { after: startText.length, text })),
      );
    },

    async scoreAfter(asked, prompts, generations) {
      if (asked.can.promptLogprobs === 'text') {
        return await score(
          asked,
          generations.map(({ text }, index) => (prompts[index] ?? '') + text),
          generations.map(({ text }, index) => ({ after: codePointLength(prompts[index] ?? ''), text })),
        );
      }
      const ids: number[][] = [];
      for (const prompt of prompts) {
        const answer = await endpoint.ask(Tokens, asked.signal, async (client, signal) =>
          client.post(new URL('/tokenize', client.baseURL).href, { body: { model: asked.model, prompt }, signal }),
        );
        ids.push(answer?.tokens ?? []);
      }
      return await score(
        asked,
        generations.map((generation, index) => [...(ids[index] ?? []), ...generation.ids]),
        generations.map((generation) => ({ tokens: generation.ids.length })),
      );
    },
  };
}

type TargetLength = { readonly tokens: number } | { readonly after: number; readonly text: string };

/** Mean negative log-likelihood of the tokens that are the target; null where they can't be distinguished. */
function meanOfTarget(choice: CompletionChoice | null, target: TargetLength | undefined): number | null {
  const logprobs = choice?.logprobs;
  if (!logprobs || target === undefined) return null;
  if ('tokens' in target) return target.tokens === 0 ? null : meanNll(logprobs.token_logprobs.slice(-target.tokens));
  const offsets = logprobs.text_offset;
  if (!offsets || offsets.some((offset) => offset < 0)) return null;
  return meanNll(logprobs.token_logprobs.filter((_, index) => (offsets[index] ?? -1) >= target.after));
}

function meanNll(logprobs: readonly (number | null)[]): number | null {
  const known = logprobs.filter((logprob) => logprob !== null);
  if (known.length === 0 || known.length < logprobs.length) return null;
  return -known.reduce((sum, logprob) => sum + logprob, 0) / known.length;
}

/** Some servers list the end-of-sequence token, which is no part of the text; neither IFD term counts it. */
function generationOf(
  text: string,
  finish: string | null | undefined,
  ids: readonly number[],
  tokens: readonly string[],
  logprobs: readonly (number | null)[],
): Generation {
  const ended = tokens.length > 0 && finish !== 'length' && tokens.slice(0, -1).join('') === text && text !== '';
  const length = ended ? tokens.length - 1 : tokens.length;
  return {
    text,
    finish: finish === 'length' ? 'length' : 'stop',
    ids: ended && ids.length === tokens.length ? ids.slice(0, length) : ids,
    meanNll: meanNll(logprobs.slice(0, length)),
  };
}
