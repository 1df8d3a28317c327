/** Reads a training file: OpenAI chat JSONL, one `{"messages": [..., {"role": "assistant"}]}` a line. */
import { z } from 'zod';
import { Breathing } from '../yield-to-events.ts';
import { promptOf } from '../students/chat-prompt.ts';
import { TrainingRowError, type TrainingRow } from '../students/training.ts';

const Line = z.object({
  messages: z
    .array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
    .min(2, 'needs a prompt and an answer')
    .refine((messages) => messages.at(-1)?.role === 'assistant', "the last message must be the assistant's"),
});

/** Throws `TrainingRowError` naming the first bad line. Yields between lines, so that a large file does not block the event loop. */
export async function readTrainingFile(content: Buffer): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = [];
  const breathing = new Breathing();
  for (const [index, line] of content.toString('utf8').split('\n').entries()) {
    if (line.trim() !== '') rows.push(readLine(line, index + 1));
    await breathing.rest();
  }
  if (rows.length === 0) throw new TrainingRowError(1, 'the file holds no example');
  return rows;
}

function readLine(text: string, line: number): TrainingRow {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TrainingRowError(line, 'not valid JSON');
  }
  const parsed = Line.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new TrainingRowError(line, `${issue?.path.join('.') || 'messages'}: ${issue?.message}`);
  }
  const { messages } = parsed.data;
  return { line, prompt: promptOf(messages.slice(0, -1)), target: messages.at(-1)?.content ?? '' };
}
