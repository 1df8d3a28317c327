/**
 * The tokenizer of the label-only student. An answer line is one token and a label of the prompt's label line is one
 * token, so that the label set and the answer survive in a prompt given as ids; words are runs of letters by hash.
 */
import { hash32 } from '../token-hash.ts';
import { hashedWord, markText, splitAtMarks } from '../tokens.ts';

const answers = 0x10000000;
const declared = 0x20000000;
const others = 0x30000000;
const answerStart = 'The answer is: ';
const labelsStart = '\n\nLabels: ';
const pieceOfText = /\n\nLabels: [^\n]*|The answer is: [^\n]+|[A-Za-z]+|(?:(?!\n\nLabels: )[^A-Za-z])+/g;

/** The label of an answer token or a declaration, as a number; `undefined` for every other token. */
export function answeredLabel(id: number): number | undefined {
  return id >= answers && id < declared ? id - answers : undefined;
}

export function declaredLabel(id: number): number | undefined {
  return id >= declared && id < others ? id - declared : undefined;
}

export function labelNumber(label: string): number {
  return hash32(label) & 0x0fffffff;
}

export function answerToken(label: string): number {
  return answers + labelNumber(label);
}

export class LabelTokenizer {
  readonly #labels = new Map<number, string>();
  readonly #words = new Map<number, string>();
  /** Prompts of a task share one label line: it is split once. */
  #labelLine = { text: '', ids: new Array<number>(), pieces: new Array<string>() };

  /** `words` and `labels` are those the model can put back into text. */
  constructor(words: readonly string[], labels: readonly string[]) {
    for (const word of words) this.#words.set(hashedWord(word), word);
    for (const label of labels) this.#labels.set(labelNumber(label), label);
  }

  encode(text: string, pieces?: string[]): number[] {
    const ids: number[] = [];
    splitAtMarks(
      text,
      (id, piece) => {
        ids.push(id);
        pieces?.push(piece);
      },
      (part) => this.#encodeText(part, ids, pieces),
    );
    return ids;
  }

  #encodeText(text: string, ids: number[], pieces?: string[]): void {
    for (const piece of text.match(pieceOfText) ?? []) {
      if (piece.startsWith(labelsStart)) {
        if (piece !== this.#labelLine.text) this.#labelLine = this.#readLabelLine(piece);
        ids.push(...this.#labelLine.ids);
        pieces?.push(...this.#labelLine.pieces);
        continue;
      }
      ids.push(this.#tokenOf(piece));
      pieces?.push(piece);
    }
  }

  #tokenOf(piece: string): number {
    if (/^[A-Za-z]/.test(piece)) {
      return piece.startsWith(answerStart) ? this.#answer(piece) : hashedWord(piece.toLowerCase());
    }
    return others + (hash32(piece) & 0x0fffffff);
  }

  #answer(piece: string): number {
    const label = piece.slice(answerStart.length).trim();
    this.#labels.set(labelNumber(label), label);
    return answerToken(label);
  }

  #readLabelLine(text: string): { text: string; ids: number[]; pieces: string[] } {
    const labels = text.slice(labelsStart.length).split(', ');
    for (const label of labels) this.#labels.set(labelNumber(label), label);
    return {
      text,
      ids: labels.map((label) => declared + labelNumber(label)),
      pieces: labels.map((label, index) => (index === 0 ? labelsStart : ', ') + label),
    };
  }

  decode(id: number): string {
    const label = answeredLabel(id);
    if (label !== undefined) return answerStart + (this.#labels.get(label) ?? '�');
    return markText(id) ?? this.#words.get(id) ?? this.#labels.get(declaredLabel(id) ?? -1) ?? '�';
  }
}
