/** Requests that many checks share, with the fields read from their answers. */
import { demand, unasked } from '../case.ts';
import { given, granted } from './replies.ts';
import { ChatAnswer, TextAnswer } from './shapes.ts';
import type { Logprobs, TextChoice } from './shapes.ts';
import type { Site } from './site.ts';
import type { Reply } from './wire.ts';

export type Prompt = string | readonly number[];

export async function postChat(site: Site, content: string, more: object = {}): Promise<Reply> {
  const messages = [{ role: 'user', content }];
  const body = { model: site.subject, messages, temperature: 0, ...more };
  return await site.wire.send({ method: 'POST', path: '/chat/completions', body });
}

export async function postText(site: Site, prompt: unknown, more: object = {}): Promise<Reply> {
  const body = { model: site.subject, prompt, temperature: 0, ...more };
  return await site.wire.send({ method: 'POST', path: '/completions', body });
}

/** The only choice of a completion that has to be given. */
export async function complete(site: Site, prompt: Prompt, more: object = {}): Promise<TextChoice> {
  return only(given(await postText(site, prompt, more), TextAnswer, 'completions'));
}

/** The same for one that may be declined; `what` names the wish. */
export async function tryComplete(site: Site, prompt: Prompt, more: object, what: string): Promise<TextChoice> {
  return only(granted(await postText(site, prompt, more), TextAnswer, what));
}

function only({ choices }: { readonly choices: readonly TextChoice[] }): TextChoice {
  const [choice] = choices;
  demand(choice !== undefined && choices.length === 1, `one prompt, ${choices.length} choices`);
  return choice;
}

/** One of the two generation APIs, with the fields read from its answer. */
export interface Face {
  readonly name: 'chat/completions' | 'completions';
  readonly post: (prompt: string, more?: object) => Promise<Reply>;
  /** Every choice's text and end, in the order of `index`. */
  readonly read: (reply: Reply, what: string) => readonly Written[];
}

export interface Written {
  readonly index: number;
  readonly text: string;
  readonly finish: string;
}

/** Those that the model has; throws where it has neither. */
export function faces(site: Site): readonly Face[] {
  const chat: Face = {
    name: 'chat/completions',
    post: (text, more) => postChat(site, text, more),
    read: (reply, what) =>
      inOrder(
        granted(reply, ChatAnswer, what).choices.map(({ index, message, finish_reason: finish }) => ({
          index,
          text: message.content ?? '',
          finish,
        })),
      ),
  };
  const completions: Face = {
    name: 'completions',
    post: (text, more) => postText(site, text, more),
    read: (reply, what) =>
      inOrder(
        granted(reply, TextAnswer, what).choices.map(({ index, text, finish_reason: finish }) => ({
          index,
          text,
          finish,
        })),
      ),
  };
  const known = [...(site.held.has('chat') ? [chat] : []), ...(site.held.has('completions') ? [completions] : [])];
  return known.length > 0 ? known : unasked('it writes neither chat nor text completions');
}

function inOrder(written: readonly Written[]): readonly Written[] {
  return written.toSorted((a, b) => a.index - b.index);
}

/** Log probabilities of a choice, one for each token and each of them possible; `from`: tokens that may have none. */
export function logprobsOf(choice: TextChoice, what: string, unknown = 0): Logprobs {
  const { logprobs } = choice;
  demand(logprobs !== undefined && logprobs !== null, `${what}: no log probabilities in the answer`);
  const { tokens, token_logprobs: values } = logprobs;
  demand(tokens.length === values.length, `${what}: ${tokens.length} tokens, ${values.length} log probabilities`);
  for (const [at, value] of values.entries()) {
    if (at < unknown && value === null) continue;
    demand(value !== null, `${what}: token ${at} has no log probability`);
    demand(value <= 1e-4, `${what}: token ${at} has the log probability ${value}, a probability above 1`);
  }
  return logprobs;
}

/** Sum of log probabilities from a token on. */
export function sumFrom({ token_logprobs: values }: Logprobs, from: number): number {
  return values.slice(from).reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
