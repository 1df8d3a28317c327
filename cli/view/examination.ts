/** What `doctor` saw of this machine and of a run file, for people. */
import type { Look } from '../doctor/examine.ts';
import { terminalLine } from '../terminal-text.ts';
import { wrap } from './wrap.ts';

const width = 110;
const marks = { fine: 'ok', note: 'note', trouble: 'TROUBLE' } as const;

export function looksText(looks: readonly Look[]): string {
  const sections = [...Map.groupBy(looks, (look) => look.of)].map(([of, seen]) => {
    const titles = Math.max(...seen.map(({ title }) => terminalLine(title).length));
    return [of, ...seen.map((look) => lineOf(look, titles + 2))].join('\n');
  });
  const troubles = looks.filter(({ state }) => state === 'trouble').length;
  const end =
    troubles === 0
      ? 'Nothing is in the way of a run.'
      : `${troubles} ${troubles === 1 ? 'thing is' : 'things are'} in the way of a run.`;
  return [...sections, end].join('\n\n');
}

function lineOf({ title, state, says, remedy }: Look, titles: number): string {
  const indent = 11 + titles;
  const head = `  ${marks[state].padEnd(9)}${terminalLine(title).padEnd(titles)}`;
  const texts = [says, ...(remedy === undefined ? [] : [remedy])].map((text) =>
    wrap(terminalLine(text), width, indent),
  );
  return head + texts.join(`\n${' '.repeat(indent)}`);
}
