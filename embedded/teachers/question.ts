/**
 * Reads what a teacher is asked from its prompt (domain/tasks/classification.ts): an annotation holds a text and its
 * label, a synthesis only a label, a verification only a text. The request `seed` of a synthesis is run seed x 1,000,000 + ordinal (DESIGN section 1).
 */
import { ApiError } from '../api-error.ts';

export type TeacherQuestion =
  | { readonly kind: 'annotate'; readonly text: string; readonly label: string }
  | { readonly kind: 'verify'; readonly text: string }
  | { readonly kind: 'synthesise'; readonly label: string; readonly runSeed: number; readonly ordinal: number };

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
    const label = labelIn(prompt.slice(end));
    const text = prompt.slice(start + '<text>\n'.length, end);
    return label ? { kind: 'annotate', text, label } : { kind: 'verify', text };
  } else if (start === -1) {
    const label = labelIn(prompt);
    if (label && typeof seed !== 'number') throw unsupported('A synthesis needs `seed`: run seed x 1000000 + ordinal.');
    if (label && typeof seed === 'number') {
      return { kind: 'synthesise', label, runSeed: Math.floor(seed / 1e6), ordinal: seed % 1e6 };
    }
  }
  throw unsupported('The embedded teachers understand the prompts of baldistill for classification only.');
}

function labelIn(text: string): string | undefined {
  return /<label>([^<]*)<\/label>/.exec(text)?.[1]?.trim();
}

function unsupported(message: string): ApiError {
  return new ApiError(400, message, { code: 'unsupported_prompt', param: 'messages' });
}
