/** Earlier names of keys and values in run files. Both names are accepted; a run stores the current one. */
import { isRecord } from './union-branch.ts';

/** `key`: the name of a key changed. Otherwise the value of `path` changed. */
const renamed = [
  { path: ['task'], from: 'maths', to: 'math', key: false },
  { path: ['teacher', 'prompts'], from: 'synthesise', to: 'synthesize', key: true },
] as const;

/** A copy of a run file's value with current names. Where both names of a key are given, the earlier one stays and is refused. */
export function withCurrentNames(value: Record<string, unknown>): Record<string, unknown> {
  const copy = structuredClone(value);
  for (const { path, from, to, key } of renamed) {
    const last = path.at(-1) ?? '';
    const parent = path.slice(0, -1).reduce<unknown>((node, name) => (isRecord(node) ? node[name] : undefined), copy);
    if (!isRecord(parent)) continue;
    const node = parent[last];
    if (!key && node === from) parent[last] = to;
    if (key && isRecord(node) && from in node && !(to in node)) {
      node[to] = node[from];
      delete node[from];
    }
  }
  return copy;
}
