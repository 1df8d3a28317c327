/** What a row asks, from the fields that hold it: `input`, `messages`, `question`, or a passage and a question. */
import { z } from 'zod';

export const Messages = z.array(z.looseObject({ role: z.string(), content: z.string() })).min(1);
export type Messages = z.infer<typeof Messages>;

/**
 * A passage comes first and its question after an empty line, `PASSAGE\n\nQuestion: QUESTION`. A single message is its
 * own text; several are `role: text`, with an empty line between them. Undefined for a row without input.
 */
export function inputOf(parts: {
  readonly input: string | undefined;
  readonly messages: Messages | undefined;
  readonly question: string | undefined;
}): string | undefined {
  const passage = parts.input ?? (parts.messages === undefined ? undefined : conversation(parts.messages));
  if (passage === undefined) return parts.question;
  return parts.question === undefined ? passage : `${passage}${questionMark}${parts.question}`;
}

/** Separates a passage from its question. */
export const questionMark = '\n\nQuestion: ';

function conversation(messages: Messages): string {
  const [first] = messages;
  if (messages.length === 1 && first !== undefined) return first.content;
  return messages.map(({ role, content }) => `${role}: ${content}`).join('\n\n');
}
