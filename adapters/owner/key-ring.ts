/**
 * The owner's keys: a file with one key a line, 64 hexadecimal digits. The first key signs; every key verifies, so that
 * work in progress survives a rotation. The file is read again when it changes: no worker has to restart.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Signature } from '../../contracts/signed/signature.ts';
import type { Statement } from '../../contracts/signed/signed-run.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { BaldistillError } from '../../domain/failures.ts';
import { codeOf } from '../artifacts/storage-failure.ts';

export interface Key {
  /** First 8 digits of the SHA-256 of the key: names it without revealing it. */
  readonly id: string;
  readonly secret: Buffer;
}

export interface KeyRing {
  readonly path: string;
  /** Newest first; never empty. */
  keys(): readonly Key[];
  sign(statement: Statement): Signature;
  /** Throws `BaldistillError` `NotOurs`. */
  verify(statement: Statement, signature: Signature): void;
}

/** `BALDISTILL_KEY_FILE`, else `owner.key` in the home. */
export function keyFileOf(home: string, environment: NodeJS.ProcessEnv = process.env): string {
  return environment['BALDISTILL_KEY_FILE'] || join(home, 'owner.key');
}

/** Makes the home's own key file where there is none. Throws `InvalidInput` for a file that cannot be used. */
export function openKeyRing(home: string, environment: NodeJS.ProcessEnv = process.env): KeyRing {
  const path = keyFileOf(home, environment);
  if (path === join(home, 'owner.key')) createOnce(path);
  let known: { readonly version: string; readonly keys: readonly Key[] } | undefined;

  function keys(): readonly Key[] {
    const version = versionOf(path);
    if (known?.version !== version) known = { version, keys: parseKeys(path, readFileSync(path, 'utf8')) };
    return known.keys;
  }

  keys();
  return {
    path,
    keys,
    sign(statement) {
      const [newest] = keys();
      if (newest === undefined) throw unusable(path, 'it holds no key');
      return { key: newest.id, mac: macOf(newest, statement).toString('hex') };
    },
    verify(statement, { key: id, mac }) {
      const key = keys().find((each) => each.id === id);
      if (key === undefined) {
        const message = `The ${statement.kind} was signed with the key ${id}, which this machine does not have.`;
        throw new BaldistillError('NotOurs', message);
      }
      if (!timingSafeEqual(macOf(key, statement), Buffer.from(mac, 'hex')))
        throw new BaldistillError('NotOurs', `The signature of the ${statement.kind} does not fit what it says.`);
    },
  };
}

/** Puts a new key first and keeps the others. Returns the new key's id. */
export function rotateKeys(ring: KeyRing): string {
  const added = keyOf(randomBytes(32));
  writeKeys(ring.path, [added, ...ring.keys()]);
  return added.id;
}

/** Removes every key but the newest. Returns the ids that are no longer accepted. */
export function retireKeys(ring: KeyRing): readonly string[] {
  const [newest, ...older] = ring.keys();
  if (newest === undefined) throw unusable(ring.path, 'it holds no key');
  writeKeys(ring.path, [newest]);
  return older.map(({ id }) => id);
}

function macOf({ secret }: Key, statement: Statement): Buffer {
  return createHmac('sha256', secret)
    .update(`baldistill statement 1\n${canonicalJson(statement)}`)
    .digest();
}

function keyOf(secret: Buffer): Key {
  return { id: createHash('sha256').update(secret).digest('hex').slice(0, 8), secret };
}

function parseKeys(path: string, text: string): readonly Key[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (lines.length === 0) throw unusable(path, 'it holds no key');
  return lines.map((line, index) => {
    if (!/^[0-9a-f]{64}$/.test(line.trim()))
      throw unusable(path, `key ${index + 1} of ${lines.length} is not 64 hexadecimal digits`);
    return keyOf(Buffer.from(line.trim(), 'hex'));
  });
}

/** Two processes may start at once: the one that links its file first wins, the other one uses that file. */
function createOnce(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = writeTemporary(path, [keyOf(randomBytes(32))]);
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary);
  }
}

function writeKeys(path: string, keys: readonly Key[]): void {
  renameSync(writeTemporary(path, keys), path);
}

function writeTemporary(path: string, keys: readonly Key[]): string {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  try {
    const head =
      '# Keys of baldistill: the first signs, all are accepted. Whoever can read this file can command the runs.\n';
    writeSync(file, head + keys.map(({ secret }) => `${secret.toString('hex')}\n`).join(''));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

function versionOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  if (found === undefined) throw unusable(path, 'there is no such file');
  return `${found.ino} ${found.mtimeNs} ${found.size}`;
}

function unusable(path: string, reason: string): BaldistillError {
  return new BaldistillError('InvalidInput', `The key file ${path} cannot be used: ${reason}.`);
}
