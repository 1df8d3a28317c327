/** The built-in data set `wordnet`: reading it, and its one fixed split. */
export { loadWordnet, wordnetInstruction, wordnetLabels } from './wordnet-reader.ts';
export { splitWordnet } from './wordnet-split.ts';
export type { WordnetSplit } from './wordnet-split.ts';
