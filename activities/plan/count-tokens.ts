/**
 * Tokens of a text before anybody was asked, by the tokenizer of OpenAI's current models (o200k). Other models count
 * otherwise, by a quarter or so: what the ledger knows of a model corrects it.
 */
export type CountTokens = (text: string) => number;

/** Texts of others may hold what looks like a special token; here it is text like any other. */
const asText = { disallowedSpecial: new Set<string>() };

/** The table of the tokenizer is large: only who plans loads it. */
export async function tokenCounter(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  return (text) => countTokens(text, asText);
}

export function countMessages(count: CountTokens, messages: readonly { readonly content: string }[]): number {
  return messages.reduce((sum, { content }) => sum + count(content), 0);
}
