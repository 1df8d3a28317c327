/** Reads the input file of a batch: one request a line, all for one model, each under an id of its own. */
import { z } from 'zod';
import { Breathing } from '../yield-to-events.ts';
import type { BatchBehavior } from './behavior.ts';

/** The one endpoint that batches are for here. */
export const batchEndpoint = '/v1/chat/completions';

const InputLine = z.object({
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.literal(batchEndpoint),
  body: z.looseObject({ model: z.string() }),
});
export type InputLine = z.infer<typeof InputLine>;

export interface LineProblem {
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
  readonly param: string | null;
}

export type InputFile =
  | { readonly ok: true; readonly lines: readonly InputLine[]; readonly tokens: number }
  | { readonly ok: false; readonly problems: readonly LineProblem[] };

const listedProblems = 20;

/** Yields between lines, so that a large file does not block the event loop. */
export async function readInputFile(content: Buffer, limits: BatchBehavior): Promise<InputFile> {
  const problems: LineProblem[] = [];
  const whole = (code: string, message: string): void => void problems.push({ code, message, line: null, param: null });
  const texts = content.toString('utf8').split('\n');
  const lines: InputLine[] = [];
  const ids = new Set<string>();
  const breathing = new Breathing();
  for (const [index, text] of texts.entries()) {
    if (text.trim() === '') continue;
    const found = readLine(text);
    if ('problem' in found) problems.push({ ...found.problem, line: index + 1 });
    else {
      const { custom_id: id, body } = found.line;
      const at = (code: string, message: string, param: string): void =>
        void problems.push({ code, message, line: index + 1, param });
      if (ids.has(id)) at('duplicate_custom_id', `The custom_id '${id}' occurs twice.`, 'custom_id');
      if (lines[0] !== undefined && body.model !== lines[0].body.model)
        at('mismatched_model', `A batch is for one model; this line names '${body.model}'.`, 'body.model');
      ids.add(id);
      lines.push(found.line);
    }
    await breathing.rest();
  }
  if (lines.length === 0 && problems.length === 0) whole('empty_file', 'The file holds no request.');
  if (lines.length > limits.mostLines)
    whole('too_many_tasks', `The file holds ${lines.length} requests; at most ${limits.mostLines} are allowed.`);
  if (content.length > limits.mostBytes)
    whole('file_too_large', `The file has ${content.length} bytes; at most ${limits.mostBytes} are allowed.`);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, listedProblems) };
  return { ok: true, lines, tokens: Math.ceil(content.length / 4) };
}

function readLine(text: string): { line: InputLine } | { problem: Omit<LineProblem, 'line'> } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: { code: 'invalid_json_line', message: 'This line is not valid JSON.', param: null } };
  }
  const parsed = InputLine.safeParse(value);
  if (parsed.success) return { line: parsed.data };
  const issue = parsed.error.issues[0];
  const param = issue?.path.join('.') ?? null;
  return { problem: { code: 'invalid_request', message: issue?.message ?? 'not a request', param } };
}
