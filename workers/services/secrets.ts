/**
 * Whether the running worker was given the keys a run needs: it holds the environment of whoever started it. Only
 * short hashes are kept, enough to see that a key is another one.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

const Hashes = z.record(z.string(), z.string());

function hashOf(home: string, name: string, value: string): string {
  return createHash('sha256').update(`${home}\0${name}\0${value}`).digest('hex').slice(0, 8);
}

/** True unless this environment knows a needed key that the worker does not have. */
export function hasSecrets(
  recorded: string,
  home: string,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): boolean {
  const known = Hashes.parse(JSON.parse(recorded));
  return names.every((name) => {
    const value = environment[name];
    return value === undefined || known[name] === hashOf(home, name, value);
  });
}

/** What to record for a worker that is started in this environment: the keys needed now and those needed before. */
export function secretsFor(
  before: string | undefined,
  home: string,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): string {
  const all = new Set([...Object.keys(Hashes.parse(JSON.parse(before ?? '{}'))), ...names]);
  const hashes = [...all].flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, hashOf(home, name, value)]];
  });
  return JSON.stringify(Object.fromEntries(hashes));
}
