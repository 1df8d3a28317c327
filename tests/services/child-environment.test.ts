/** Which variables of a shell each background process gets, and what is kept of their values. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandEnvironment } from '../../adapters/command/command-environment.ts';
import {
  embeddedEnvironment,
  serverEnvironment,
  studentServerEnvironment,
  withheldFromTraining,
  workerEnvironment,
} from '../../workers/services/child-environment.ts';
import { hasSecrets, secretsFor } from '../../workers/services/secrets.ts';

const plain = { PATH: '/bin', HOME: '/home/me', TZ: 'UTC', LC_ALL: 'C.UTF-8', XDG_CACHE_HOME: '/cache' };
const ours = { BALDISTILL_DATA: '/data', BALDISTILL_KEY_FILE: '/keys/owner.key' };
const node = { NODE_COMPILE_CACHE: '/cache/node' };
const tools = { CUDA_VISIBLE_DEVICES: '0', VIRTUAL_ENV: '/env' };
const temporal = { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_API_KEY: 't', TEMPORAL_GRPC_META_AUTHORIZATION: 'm' };
const keys = { TEACHER: 'k1', STUDENT_KEY: 'k2' };
const others = { SECRET_X: 's', NODE_AUTH_TOKEN: 'n', DB: 'postgres://me:p@db/x' };
const shell = { ...plain, ...ours, ...node, ...tools, ...temporal, ...keys, ...others };

test('the Temporal server gets what any program needs, and nothing of ours', () => {
  expect(serverEnvironment(shell)).toEqual(plain);
});

test('the embedded endpoint gets no key but the one that it demands itself', () => {
  expect(embeddedEnvironment({ ...shell, BALDISTILL_EMBEDDED_KEY: 'e' })).toEqual({
    ...plain,
    ...node,
    BALDISTILL_DATA: '/data',
    BALDISTILL_EMBEDDED_KEY: 'e',
  });
});

test('a worker gets the keys that runs name, and those of Temporal where the server is elsewhere', () => {
  const named = { BALDISTILL_KEY_NAMES: 'TEACHER,STUDENT_KEY' };
  const always = { ...plain, ...ours, ...node, ...tools, ...keys, ...named };
  const names = Object.keys(keys);
  expect(workerEnvironment(shell, { keys: names, external: false })).toEqual(always);
  expect(workerEnvironment(shell, { keys: names, external: true })).toEqual({ ...always, ...temporal });
});

test('a training command gets none of them but its own, whatever they are called', () => {
  const worker = workerEnvironment(shell, { keys: Object.keys(keys), external: true });
  const withheld = withheldFromTraining(worker);
  const { BALDISTILL_DATA } = ours;
  const rest = { ...plain, ...node, ...tools, BALDISTILL_DATA };
  expect(commandEnvironment(worker, { allowed: [], withheld })).toEqual(rest);
  expect(commandEnvironment(worker, { allowed: ['TEACHER'], withheld })).toEqual({ ...rest, TEACHER: 'k1' });
});

test('a student server gets its own key, that of the hub, and the way out', () => {
  const own = { STUDENT_SERVER_API_KEY: 'a', HF_TOKEN: 'b', https_proxy: 'http://me:p@proxy:3128' };
  const { BALDISTILL_DATA } = ours;
  const rest = { ...plain, ...node, ...tools, BALDISTILL_DATA };
  // Only the name shows that a variable is a key: a run's key is best called one.
  expect(studentServerEnvironment({ ...shell, ...own })).toEqual({ ...rest, ...own, TEACHER: 'k1' });
});

const home = (): string => mkdtempSync(join(tmpdir(), 'baldistill-salt-'));

describe('the fingerprint of a key', () => {
  let homes: readonly [string, string];
  beforeEach(() => void (homes = [home(), home()]));
  afterEach(() => homes.forEach((folder) => rmSync(folder, { recursive: true })));

  test('says that a key changed, and cannot be computed from the key alone', () => {
    const environment = { WEAK: 'letmein' };
    const [first, second] = homes.map((folder) => secretsFor(undefined, folder, ['WEAK'], environment));
    expect(first).not.toBe(second);
    for (const [text, folder] of [
      [first, homes[0]],
      [second, homes[1]],
    ] as const) {
      expect(text).not.toContain('letmein');
      for (const guess of ['letmein', 'WEAK\0letmein', `${folder}\0WEAK\0letmein`])
        expect(text).not.toContain(createHash('sha256').update(guess).digest('hex').slice(0, 8));
    }
    expect(hasSecrets(first ?? '', homes[0], ['WEAK'], environment)).toBe(true);
    expect(hasSecrets(first ?? '', homes[0], ['WEAK'], { WEAK: 'other' })).toBe(false);
    expect(hasSecrets(first ?? '', homes[0], ['WEAK', 'NEW'], environment)).toBe(true);
    expect(hasSecrets(first ?? '', homes[0], ['NEW'], { NEW: 'n' })).toBe(false);
    expect(readFileSync(join(homes[0], 'salt'))).toHaveLength(32);
  });

  test('of a registry that lost its salt says nothing: the worker is another one', () => {
    const text = secretsFor(undefined, homes[0], ['WEAK'], { WEAK: 'a' });
    rmSync(join(homes[0], 'salt'));
    expect(hasSecrets(text, homes[0], ['WEAK'], { WEAK: 'a' })).toBe(false);
  });
});
