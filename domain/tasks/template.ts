/**
 * A prompt as text with placeholders, `{input}`: those of this project and those a person wrote (`teacher.prompts`).
 * `{{input}}` stays as `{input}`; other braces are text. What is filled in is never read for placeholders again.
 */
import type { ChatMessage } from './task.ts';

export interface Template {
  /** Empty: no system message. */
  readonly system: string;
  readonly user: string;
}

export type AskKind = 'annotate' | 'synthesize' | 'verify';
export const askKinds = ['annotate', 'synthesize', 'verify'] as const satisfies readonly AskKind[];

const separator = /^---[ \t]*\r?$/m;
const placeholder = /\{\{([A-Za-z_]+)\}\}|\{([A-Za-z_]+)\}/g;

/** The first line of three dashes parts the system message from the user's; without one there is only the user's. */
export function parseTemplate(text: string): Template {
  const at = separator.exec(text);
  if (at === null) return { system: '', user: text.trim() };
  return { system: text.slice(0, at.index).trim(), user: text.slice(at.index + at[0].length).trim() };
}

/** Messages with every placeholder filled in; space at their ends goes, so that an empty last one leaves no trace. */
export function fillTemplate(template: Template, values: Readonly<Record<string, string>>): ChatMessage[] {
  const fill = (text: string): string =>
    text
      .replaceAll(placeholder, (whole, kept: string | undefined, name = '') =>
        kept === undefined ? (Object.hasOwn(values, name) ? (values[name] ?? '') : whole) : `{${kept}}`,
      )
      .trimEnd();
  const user: ChatMessage = { role: 'user', content: fill(template.user) };
  return template.system === '' ? [user] : [{ role: 'system', content: fill(template.system) }, user];
}

/** What each kind of prompt may hold, and what it cannot do without. */
const holds: Readonly<Record<AskKind, { readonly needed: readonly string[]; readonly allowed: readonly string[] }>> = {
  // The answer is given: a rationale for what is right is what the student learns from.
  annotate: { needed: ['input', 'answer', 'format'], allowed: ['instruction', 'labels'] },
  // Real rows are what makes a synthetic one alike, and what a copy is known by.
  synthesize: { needed: ['domain', 'examples', 'format'], allowed: ['instruction', 'labels', 'avoid'] },
  // Blind: the answer is what is asked for.
  verify: { needed: ['input', 'format'], allowed: ['instruction', 'labels'] },
};

export interface TemplateProblem {
  /** In the template, from 1; null where something is missing. */
  readonly line: number | null;
  readonly expected: string;
}

/** All that is wrong with a template that a person wrote. `labeled`: the task has a label set. */
export function templateProblems(kind: AskKind, text: string, labeled: boolean): TemplateProblem[] {
  const { needed, allowed } = holds[kind];
  const wanted = labeled && kind === 'verify' ? [...needed, 'labels'] : needed;
  const known = [...new Set([...wanted, ...allowed])].filter((name) => labeled || name !== 'labels');
  const list = known.map((name) => `{${name}}`).join(' ');
  const used = [...text.matchAll(placeholder)].filter(([, kept]) => kept === undefined);
  const unknown = used
    .filter(([, , name = '']) => !known.includes(name))
    .map(({ 0: whole, index }) => ({
      line: text.slice(0, index).split('\n').length,
      expected: `${whole} is no placeholder of it; expected ${list}, or {${whole}} for braces that stay`,
    }));
  const names = new Set(used.map(([, , name]) => name));
  const missing = wanted
    .filter((name) => !names.has(name))
    .map((name) => ({
      line: null,
      expected: `{${name}} is missing; it has to hold ${wanted.map((one) => `{${one}}`).join(' ')}`,
    }));
  return [...unknown, ...missing];
}
