import type { Message } from '../../contracts/records.ts';

/** A student's prompt as the endpoint is asked: the same text either way; a chat endpoint wraps it in its own template. */
export function promptAs(format: 'text' | 'chat', content: string): string | Message[] {
  return format === 'text' ? content : [{ role: 'user', content }];
}
