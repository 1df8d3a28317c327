/** Endpoints quote the key they were sent in their errors, and what they say is stored, logged and shown. */
import { asResponse } from './transport.ts';
import type { Send } from './transport.ts';

/** A shorter one is no secret, and part of other words. */
const shortest = 6;

export function withoutKey(text: string, key: string | undefined): string {
  return key === undefined || key.length < shortest ? text : text.replaceAll(key, '(the API key)');
}

/** Removes the key from every error. Answers to paid requests are unchanged. */
export function hidingKey(send: Send, key: string): Send {
  return async (url, init) => {
    const answer = await send(url, init);
    if (answer.ok) return answer;
    const { status, headers } = answer;
    // The package, too, takes the reason why a body cannot be read for what the error says.
    const text = withoutKey(await answer.text().catch(messageOf), key);
    const json = async (): Promise<unknown> => await Promise.resolve(JSON.parse(text));
    return asResponse({ status, ok: false, url: '', headers, body: null, text: () => Promise.resolve(text), json });
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
