/** Markdown tables, with escaped text from data. */

/** Escapes text from data or a model for a Markdown cell: no markup, no control characters, one line. */
export function cell(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
    .replaceAll(/[\\`*_{}[\]<>|#!~]/g, (mark) => `\\${mark}`)
    .slice(0, 200);
}

/** A score in [0, 1] with three digits. */
export function share(value: number): string {
  return value.toFixed(3);
}

export function fraction(value: number, digits: number): string {
  return value.toFixed(digits);
}

const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
