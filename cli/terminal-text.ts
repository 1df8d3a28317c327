/** Text from runs, models and endpoints may hold escape sequences: a terminal must never obey it. */
import { stripVTControlCharacters } from 'node:util';

/** One line, without control or invisible formatting characters. */
export function terminalLine(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/[\n\r\t\u2028\u2029]+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '');
}

/** Several lines, each made safe. */
export function terminalLines(text: string): string {
  return text
    .split('\n')
    .map((line) => terminalLine(line))
    .join('\n');
}
