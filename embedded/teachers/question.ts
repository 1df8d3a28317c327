/**
 * Reads what a teacher is asked from its prompt (domain/tasks/): an annotation holds a text and its answer, a synthesis
 * only a domain, a verification only a text. The request `seed` of a synthesis is run seed x 1,000,000 + ordinal.
 */
import { ApiError } from '../api-error.ts';

export type TeacherQuestion =
  | { readonly kind: 'annotate'; readonly text: string; readonly answer: string }
  | { readonly kind: 'verify'; readonly text: string }
  | { readonly kind: 'synthesize'; readonly domain: string; readonly runSeed: number; readonly ordinal: number };

interface Asked {
  readonly role: string;
  readonly content: string;
}

/** Throws `ApiError` 400 `unsupported_prompt` for every other prompt, and for a synthesis without a seed. */
export function readQuestion(messages: readonly Asked[], seed: number | null | undefined): TeacherQuestion {
  const prompt = messages.findLast((message) => message.role === 'user')?.content ?? '';
  const start = prompt.indexOf('<text>\n');
  const end = prompt.lastIndexOf('\n</text>');
  if (start !== -1 && end > start) {
    const answer = tagged(prompt.slice(end), 'label', 'answer');
    const text = prompt.slice(start + '<text>\n'.length, end);
    return answer ? { kind: 'annotate', text, answer } : { kind: 'verify', text };
  } else if (start === -1) {
    const domain = tagged(prompt, 'label', 'domain');
    if (domain && typeof seed !== 'number')
      throw unsupported('A synthesis needs `seed`: run seed x 1000000 + ordinal.');
    if (domain && typeof seed === 'number') {
      return { kind: 'synthesize', domain, runSeed: Math.floor(seed / 1e6), ordinal: seed % 1e6 };
    }
  }
  throw unsupported('The embedded teachers understand the prompts of baldistill only.');
}

/** The content of the first of these tags: single-label classification calls both answer and domain a label. */
function tagged(text: string, ...tags: readonly string[]): string | undefined {
  for (const tag of tags) {
    const start = text.indexOf(`<${tag}>`);
    const end = text.indexOf(`</${tag}>`, start);
    if (start !== -1 && end !== -1) return text.slice(start + tag.length + 2, end).trim();
  }
  return undefined;
}

function unsupported(message: string): ApiError {
  return new ApiError(400, message, { code: 'unsupported_prompt', param: 'messages' });
}
