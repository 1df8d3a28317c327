/** The chat template of the embedded students: contents one after the other, so a single message is its own text. */
export function promptOf(messages: readonly { readonly content: string }[]): string {
  return messages.map((message) => message.content).join('\n\n');
}
