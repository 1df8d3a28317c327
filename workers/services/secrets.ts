/**
 * Whether the running worker was given the keys a run needs: it has those of the command that started it. The registry keeps a
 * fingerprint of each, enough to see that a key has changed. It is made with a random salt that lies in a file of its
 * own, so that no one can try keys against a registry that was copied alone.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Fingerprints = z.record(z.string(), z.string());

/** True unless this environment knows a needed key that the worker does not have. */
export function hasSecrets(
  recorded: string,
  home: string,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): boolean {
  const known = Fingerprints.parse(JSON.parse(recorded));
  const salt = existsSync(saltFile(home)) ? readFileSync(saltFile(home)) : undefined;
  return names.every((name) => {
    const value = environment[name];
    return value === undefined || (salt !== undefined && known[name] === fingerprint(salt, name, value));
  });
}

/** The variables with keys that a worker is to have: those needed now and those needed before. */
export function keyNames(before: string | undefined, names: readonly string[]): readonly string[] {
  return [...new Set([...Object.keys(Fingerprints.parse(JSON.parse(before ?? '{}'))), ...names])];
}

/** What to record for a worker that is started in this environment. Only one process at a time may call it. */
export function secretsFor(
  before: string | undefined,
  home: string,
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
): string {
  const file = saltFile(home);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600 });
  const salt = readFileSync(file);
  const fingerprints = keyNames(before, names).flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, fingerprint(salt, name, value)]];
  });
  return JSON.stringify(Object.fromEntries(fingerprints));
}

function saltFile(home: string): string {
  return join(home, 'salt');
}

function fingerprint(salt: Buffer, name: string, value: string): string {
  return createHmac('sha256', salt).update(`${name}\0${value}`).digest('hex').slice(0, 32);
}
