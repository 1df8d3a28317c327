import type { Message } from '../../contracts/records.ts';

/** A student's prompt for its endpoint. The text is the same; a chat endpoint adds its own template. */
export function promptAs(format: 'text' | 'chat', content: string): string | Message[] {
  return format === 'text' ? content : [{ role: 'user', content }];
}
