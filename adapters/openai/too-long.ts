/** How endpoints say that a request is too long for them: that one's own trouble, and not the run's. */

const codes: ReadonlySet<string> = new Set(['context_length_exceeded', 'string_above_max_length']);
/** How servers without codes of their own say it (vLLM, llama.cpp, TGI, Anthropic's and OpenRouter's gateways). */
const words =
  /context (length|size|window)|(prompt|input|request).{0,40} too (long|large)|too many (input |prompt )?tokens|inputs? tokens.{0,40}(must|exceed)/i;

export function saysTooLong({ code, message }: { readonly code: string; readonly message: string }): boolean {
  // Further on, some servers quote what they were sent.
  return codes.has(code) || words.test(message.slice(0, 500));
}
