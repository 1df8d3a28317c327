/**
 * HTML that is escaped by construction: values in a template are text, unless they are `Markup`. The tag is not named
 * `html`, because the formatter would change such templates and with them the hashes in the page's policy.
 */

/** Markup made by `markup`, or by a library from escaped text. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** A template that escapes its values. `null` is empty; the parts of a list are joined. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(
    parts.map((part, index) => (index === 0 ? part : rendered(values[index - 1] ?? null) + part)).join(''),
  );
}

function rendered(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  return typeof content === 'object' ? content.map(rendered).join('') : escaped(String(content));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML content and quoted attributes. */
export function escaped(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (mark) => entities[mark] ?? '');
}

/**
 * Replaces control characters by their symbols (`\u001b` by `␛`) and bidirectional controls by U+FFFD, so that neither a
 * browser nor a terminal interprets them.
 */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(/\p{Cc}/gu, (control) => {
      const code = control.codePointAt(0) ?? 0;
      if (control === '\n' || control === '\t') return control;
      return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\uFFFD';
    })
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\uFFFD');
}

/** One line of at most `most` characters, for text from data. */
export function shortened(text: string, most: number): string {
  const line = visible(text).replaceAll(/\s+/g, ' ');
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}
