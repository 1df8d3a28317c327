/** The forms in which a teacher may be asked to answer, from the one that is kept best to the one that all can. */
import type { AskKind } from './template.ts';

/** `json-schema`: the endpoint holds the model to a schema; `json-object`: to JSON; `text`: nothing does. */
export const outputs = ['json-schema', 'json-object', 'text'] as const;
export type Output = (typeof outputs)[number];

/** `response_format` of a request, as the protocol has it; undefined for text. */
export interface ResponseFormat {
  readonly type: 'json_schema' | 'json_object';
  readonly json_schema?: { readonly name: string; readonly strict: true; readonly schema: Schema };
}

/** The subset that endpoints share: one flat object, every key required, no other keys. */
interface Schema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Property>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}
type Property =
  | { readonly type: 'string'; readonly enum?: readonly string[] }
  | { readonly type: 'array'; readonly items: { readonly type: 'string' } };

/** What is asked next where the endpoint does not know a form; undefined after the last. */
export function stepDown(output: Output): Output | undefined {
  return outputs[outputs.indexOf(output) + 1];
}

export interface AnswerForm {
  /** What an answer looks like, in capitals: `LABEL`. */
  readonly answer: string;
  readonly withChoices: boolean;
  /** The only answers there are; undefined where they are open, or too many to list in every request. */
  readonly labels?: readonly string[] | undefined;
}

/** More labels, or longer ones, would cost more tokens in each request than wrong ones cost. */
const mostLabels = 64;
const longestLabels = 2000;

export function responseFormat(kind: AskKind, output: Output, form: AnswerForm): ResponseFormat | undefined {
  if (output === 'text') return undefined;
  if (output === 'json-object') return { type: 'json_object' };
  const text: Property = { type: 'string' };
  const { labels = [] } = form;
  const listed = labels.length > 0 && labels.length <= mostLabels && labels.join('').length <= longestLabels;
  const answer: Property = listed ? { type: 'string', enum: labels } : text;
  const choices: Record<string, Property> = form.withChoices
    ? { choices: { type: 'array', items: { type: 'string' } } }
    : {};
  // The rationale comes before the answer, so that the model thinks before it decides.
  const properties: Record<string, Property> =
    kind === 'synthesize' ? { input: text, ...choices, rationale: text, answer } : { rationale: text, answer };
  const schema = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  } as const;
  const name = kind === 'synthesize' ? 'row' : 'explanation';
  return { type: 'json_schema', json_schema: { name, strict: true, schema } };
}

/** The sentence that asks for the form, also under a schema: a model that knows what is coming keeps to it better. */
export function formatSentence(kind: AskKind, output: Output, { answer, withChoices }: AnswerForm): string {
  const closing = `The answer is: ${answer}`;
  if (output === 'text') {
    if (kind !== 'synthesize') return `Close with one line of the form "${closing}".`;
    const choices = withChoices ? '<choices>one choice a line, lettered (A), (B), ...</choices> ' : '';
    return (
      `Answer with tagged parts and nothing else: <input>the new text</input> ${choices}` +
      `<rationale>step by step, closing with the line "${closing}"</rationale> <answer>${answer}</answer>`
    );
  }
  const opening = 'Answer with one JSON object and nothing else: ';
  if (kind !== 'synthesize') return `${opening}{"rationale": "step by step", "answer": "${answer}"}`;
  const choices = withChoices ? '"choices": ["one choice", "another", "..."], ' : '';
  return (
    `${opening}{"input": "the new text", ${choices}"rationale": "step by step, closing with the line ` +
    `\\"${closing}\\"", "answer": "${answer}"}`
  );
}
