/** From one foreign JSON value to a `Row`, or to everything that is wrong with it. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Row } from '../../contracts/records.ts';
import type { FileData } from '../../contracts/run/run-file.ts';
import { mostChoices } from '../../domain/answers/choice-answer.ts';
import { longestId, longestName, longestRow, mostRowLabels } from '../../domain/data/data-limits.ts';
import { defaultInstruction } from '../../domain/tasks/open-task.ts';
import type { TaskName } from '../../domain/tasks/open-task.ts';
import { checkAnswer } from './row-answer.ts';
import { inputOf, Messages } from './row-input.ts';

export interface FieldProblem {
  readonly field: string | null;
  readonly value: string | null;
  readonly expected: string;
}

export type Normalized =
  | { readonly ok: true; readonly row: Row; readonly ownId: boolean }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** What of a run file's data says how a row is read. */
export type RowMap = Pick<FileData, 'fields' | 'instruction' | 'domainFrom'>;

const JsonObject = z.record(z.string(), z.unknown());
const Text = z.string().refine((text) => text.trim() !== '');
/** One line, so that an answer line can hold it. `__proto__` is no name for a counter in JSON. */
const Line = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => String(value).toWellFormed().trim())
  .refine((name) => name !== '' && name !== '__proto__' && !/[\p{Cc}\u2028\u2029]/u.test(name));
const Id = Line.refine((id) => id.length <= longestId);
/** Labels and domains. */
const Name = Line.refine((name) => name.length <= longestName);
/** A free answer is folded to one line, so that an answer line can hold it. */
const Answer = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) =>
    String(value)
      .toWellFormed()
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
  )
  .refine((answer) => answer !== '');
const Choices = z.array(Answer).min(2).max(mostChoices);
const Labels = z.array(Name).min(1).max(mostRowLabels);
const References = z.union([Answer.transform((answer) => [answer]), z.array(Answer)]);

const expectedText = 'text that is not empty';
const onOneLine = 'text that is not empty, on one line and without control characters';
const expectedId = `${onOneLine}, of at most ${longestId} characters`;
const expectedName = `${onOneLine}, of at most ${longestName} characters`;

/** Without a field of its own the domain of a row is its answer. */
export function normalizeRow(value: unknown, data: RowMap, task: TaskName): Normalized {
  const record = JsonObject.safeParse(value);
  if (!record.success) return { ok: false, problems: [{ field: null, value: show(value), expected: 'a JSON object' }] };
  const { fields } = data;
  const problems: FieldProblem[] = [];
  const found = (field: string | undefined): unknown =>
    field !== undefined && Object.hasOwn(record.data, field) ? (record.data[field] ?? undefined) : undefined;
  const take = <T>(
    field: string | undefined,
    schema: z.ZodType<T>,
    expected: string,
    needed: boolean,
  ): T | undefined => {
    const there = found(field);
    if (field === undefined || (there === undefined && !needed)) return undefined;
    const parsed = schema.safeParse(there);
    if (parsed.success) return parsed.data;
    problems.push({ field, value: there === undefined ? null : show(there), expected });
    return undefined;
  };

  const free = task === 'abstractive-qa' || task === 'generic' || task === 'math';
  const id = take(fields.id, Id, expectedId, false);
  const instruction = take(fields.instruction, z.string(), 'text', false);
  const question = take(fields.question, Text, expectedText, true);
  const asked = fields.question === undefined;
  const messages = take(fields.messages, Messages, 'a list of messages with role and content', asked);
  const text = take(fields.input, Text, expectedText, asked && fields.messages === undefined);
  const choices = take(fields.choices, Choices, `a list of 2 to ${mostChoices} choices`, task === 'multiple-choice');
  const given =
    take(fields.labels, Labels, `1 to ${mostRowLabels} labels, each ${expectedName}`, fields.answer === undefined) ??
    (free
      ? take(fields.answer, Answer, expectedText, true)
      : // A set of labels and a choice in its own words are no single label.
        take(
          fields.answer,
          task === 'classification' ? Name : Line,
          task === 'classification' ? expectedName : onOneLine,
          found(fields.labels) === undefined,
        ));
  const others = take(fields.references, References, 'an answer or a list of answers', false) ?? [];
  const named = take(fields.domain, Name, expectedName, false);
  const counted = take(data.domainFrom?.lines, Text, expectedText, named === undefined);

  const input = inputOf({ input: text, messages, question });
  const checked = given === undefined ? undefined : checkAnswer(task, given, choices);
  if (checked?.ok === false) {
    const field = fields.labels ?? fields.answer ?? null;
    problems.push({ field, value: show(found(field ?? undefined)), expected: checked.expected });
  }
  if (problems.length > 0 || input === undefined || checked?.ok !== true) return { ok: false, problems };
  const { answer } = checked;
  const domain = named ?? (counted === undefined ? answer : linesOf(counted, data.domainFrom?.most ?? 8));
  if (domain.length > longestName) {
    const expected = `at most ${longestName} characters, since the answer is the domain too; or name data.fields.domain`;
    return { ok: false, problems: [{ field: fields.answer ?? null, value: show(domain), expected }] };
  }
  const references = [...new Set(others)].filter((reference) => reference !== answer);
  const content = {
    domain,
    instruction: (instruction ?? data.instruction ?? defaultInstruction(task)).toWellFormed(),
    input: input.toWellFormed(),
    answer,
    ...(choices === undefined ? {} : { choices }),
    ...(references.length === 0 ? {} : { references }),
  };
  const bytes = bytesOf(content);
  if (bytes > longestRow) {
    const expected = `at most ${longestRow} bytes of text in a row, not ${bytes}`;
    const field = fields.input ?? fields.messages ?? fields.question ?? null;
    return { ok: false, problems: [{ field, value: show(input.slice(0, 100)), expected }] };
  }
  return { ok: true, row: { id: id ?? contentId(content), ...content }, ownId: id !== undefined };
}

function bytesOf({ instruction, input, answer, choices = [], references = [] }: Omit<Row, 'id'>): number {
  return [instruction, input, answer, ...choices, ...references].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    0,
  );
}

/** `lines-3`; from `most` on all are one domain, `lines-8plus`. */
function linesOf(text: string, most: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '').length;
  return lines < most ? `lines-${lines}` : `lines-${most}plus`;
}

/** 96 bits: two different rows of a million share an id about once in 10^17 data sets. */
function contentId(content: Omit<Row, 'id'>): string {
  const { domain, instruction, input, answer, choices } = content;
  const text = JSON.stringify([domain, instruction, input, answer, ...(choices === undefined ? [] : [choices])]);
  return `row-${hash('sha256', text, 'hex').slice(0, 24)}`;
}

/** A value for a message: on one line and short. */
export function show(value: unknown): string {
  // No more of a long text is written down than is shown.
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, 100) : value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
