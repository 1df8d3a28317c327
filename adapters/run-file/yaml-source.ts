/** Reads a YAML file so that every value can be traced to its line. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { Problem } from './problem.ts';

export interface YamlSource {
  readonly value: unknown;
  /** Line of a key; of the nearest block around it where the key itself is missing. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

export type YamlReading =
  | { readonly ok: true; readonly source: YamlSource }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    key: '',
    value: undefined,
    expected: `not valid YAML: ${error.message}`,
  }));
  if (problems.length > 0) return { ok: false, problems };
  try {
    const value: unknown = document.toJS();
    return { ok: true, source: { value, lineOf: (path) => lines.linePos(offsetOf(document, path)).line } };
  } catch (error) {
    // Aliases that multiply without end are found only when they are followed.
    const expected = `not usable YAML: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, problems: [{ line: 1, key: '', value: undefined, expected }] };
  }
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(segment));
      if (pair === undefined) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      if (isScalar(node) || isMap(node)) offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
