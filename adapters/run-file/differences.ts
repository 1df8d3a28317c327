/** What makes two runs of one name different runs. */
import { hash } from 'node:crypto';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import { isRecord } from './union-branch.ts';

export interface Difference {
  readonly key: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Settings of execution that do not affect the result: these may change while a run is open. The limit of calls is
 * the ledger's (`baldistill budget`), prices change with their table, `maxForfeits` follows concurrency, `dataRoot` and
 * `teacher.prompts` are where this machine keeps things; what a template says is `prompts`.
 */
const operational: ReadonlySet<string> = new Set([
  ...['concurrency', 'timeout', 'baseUrl', 'apiKeyEnv'].flatMap((key) => [`teacher.${key}`, `student.${key}`]),
  'teacher.stallTimeout',
  'budget.calls',
  'budget.tokens',
  'budget.usd',
  'budget.maxForfeits',
  'dataRoot',
]);

export function specDifferences(before: RunSpec, after: RunSpec): readonly Difference[] {
  return differences(before, after).filter(({ key }) => !isOperational(key));
}

/** What a run that is going on keeps as it was started, although the file now says otherwise. */
export function operationalDifferences(before: RunSpec, after: RunSpec): readonly Difference[] {
  return differences(before, after).filter(({ key }) => isOperational(key));
}

function differences(before: RunSpec, after: RunSpec): readonly Difference[] {
  const old = flatten(before, '');
  const now = flatten(after, '');
  const keys = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return keys.flatMap((key) => {
    const difference = { key, before: old.get(key) ?? '(not set)', after: now.get(key) ?? '(not set)' };
    return difference.before === difference.after ? [] : [difference];
  });
}

function isOperational(key: string): boolean {
  const parts = /^(prices|teacher\.(price|mode|batch|prompts|limits)|student\.price)(\.|$)/;
  return operational.has(key) || parts.test(key);
}

function flatten(value: unknown, prefix: string): Map<string, string> {
  const flat = new Map<string, string>();
  if (!isRecord(value)) return flat.set(prefix, shortened(JSON.stringify(value) ?? '(not set)'));
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    for (const [path, text] of flatten(inner, prefix === '' ? key : `${prefix}.${key}`)) flat.set(path, text);
  }
  return flat;
}

/** A template has thousands of characters: shows its beginning and a hash. */
function shortened(text: string): string {
  if (text.length <= 200) return text;
  return `${text.slice(0, 60)}… (sha256 ${hash('sha256', text).slice(0, 12)})`;
}
