/** From one foreign JSON value to a `Row`, or to everything that is wrong with it. */
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Row } from '../../contracts/records.ts';
import type { FileData } from '../../contracts/run-file.ts';

export interface FieldProblem {
  readonly field: string | null;
  readonly value: string | null;
  readonly expected: string;
}

export type Normalised =
  | { readonly ok: true; readonly row: Row; readonly ownId: boolean }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

const defaultInstruction = 'Name the label that fits this text.';

const JsonObject = z.record(z.string(), z.unknown());
const Text = z.string().refine((text) => text.trim() !== '');
/** Ids and labels: one line, so that an answer line can hold them. `__proto__` is no name for a counter in JSON. */
const Name = z
  .union([z.string(), z.number(), z.boolean()])
  .transform((value) => String(value).toWellFormed().trim())
  .refine((name) => name !== '' && name !== '__proto__' && !/[\p{Cc}\u2028\u2029]/u.test(name));

const expectedText = 'text that is not empty';
const expectedName = 'text that is not empty, on one line and without control characters';

/** Source of the rules: DESIGN.md, section 5. In classification the domain of a row is its label (METHOD.md, "Words"). */
export function normaliseRow(value: unknown, data: Pick<FileData, 'fields' | 'instruction'>): Normalised {
  const record = JsonObject.safeParse(value);
  if (!record.success) return { ok: false, problems: [{ field: null, value: show(value), expected: 'a JSON object' }] };
  const { fields } = data;
  const problems: FieldProblem[] = [];
  const take = <T>(
    field: string | undefined,
    schema: z.ZodType<T>,
    expected: string,
    needed: boolean,
  ): T | undefined => {
    const found =
      field !== undefined && Object.hasOwn(record.data, field) ? (record.data[field] ?? undefined) : undefined;
    if (field === undefined || (found === undefined && !needed)) return undefined;
    const parsed = schema.safeParse(found);
    if (parsed.success) return parsed.data;
    problems.push({ field, value: found === undefined ? null : show(found), expected });
    return undefined;
  };

  const id = take(fields.id, Name, expectedName, false);
  const instruction = take(fields.instruction, z.string(), 'text', false);
  const input = take(fields.input, Text, expectedText, true);
  const answer = take(fields.answer, Name, expectedName, true);
  const domain = take(fields.domain, Name, expectedName, false) ?? answer;
  if (domain !== answer && answer !== undefined && fields.domain !== undefined) {
    const expected = `the same as ${fields.answer} (${show(answer)}): in classification the domain is the label`;
    problems.push({ field: fields.domain, value: show(domain), expected });
  }
  if (problems.length > 0 || input === undefined || answer === undefined || domain === undefined) {
    return { ok: false, problems };
  }
  const content = {
    domain,
    instruction: (instruction ?? data.instruction ?? defaultInstruction).toWellFormed(),
    input: input.toWellFormed(),
    answer,
  };
  return { ok: true, row: { id: id ?? contentId(content), ...content }, ownId: id !== undefined };
}

/** 96 bits: two different rows of a million share an id about once in 10^17 data sets. */
function contentId(content: Omit<Row, 'id'>): string {
  const text = JSON.stringify([content.domain, content.instruction, content.input, content.answer]);
  return `row-${hash('sha256', text, 'hex').slice(0, 24)}`;
}

/** A value for a message: on one line and short. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
