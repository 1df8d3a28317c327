/**
 * `response_format` as real servers treat it: what the endpoint does not know is refused before anything is billed, and
 * what the teacher says is put into the form that was asked for. A scripted text is returned unchanged.
 */
import { splitAtAnswer } from '../../domain/answers/answers.ts';
import { withoutAnswerLine } from '../../domain/tasks/answer-line.ts';
import { parseSynthesis } from '../../domain/tasks/tagged-text.ts';
import { ApiError } from '../api-error.ts';
import { structuredForms } from '../behavior.ts';
import type { StructuredForm } from '../behavior.ts';
import type { TeacherQuestion } from '../teachers/question.ts';
import type { SpokenAnswer } from '../teachers/teacher.ts';
import type { ChatRequest } from './chat-request.ts';

const typeOf = { 'json-schema': 'json_schema', 'json-object': 'json_object', none: 'text' } as const;
const rank = (type: string): number => structuredForms.findIndex((name) => typeOf[name] === type);

/** Throws `ApiError` 400, worded as OpenAI words it. */
export function checkForm(known: StructuredForm, { response_format: form, messages }: ChatRequest): void {
  if (!form || form.type === 'text') return;
  if (rank(form.type) < structuredForms.indexOf(known)) {
    const message = `Invalid parameter: 'response_format' of type '${form.type}' is not supported with this model.`;
    throw new ApiError(400, message, { param: 'response_format' });
  }
  if (form.type === 'json_object' && !messages.some(({ content }) => /json/i.test(content))) {
    const message =
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
    throw new ApiError(400, message, { param: 'messages' });
  }
}

export function inForm(
  { text, scripted }: SpokenAnswer,
  kind: TeacherQuestion['kind'],
  form: ChatRequest['response_format'],
): string {
  if (scripted || !form || form.type === 'text') return text;
  const row = kind === 'synthesize' ? parseSynthesis(text) : undefined;
  if (row !== undefined) {
    const { input, choices, rationale, answer } = row;
    return JSON.stringify({ input, ...(choices === undefined ? {} : { choices }), rationale, answer });
  }
  const answer = (splitAtAnswer(text)?.after ?? '').replace(/^\s*:/, '').trim();
  return JSON.stringify({ rationale: withoutAnswerLine(text), answer });
}
