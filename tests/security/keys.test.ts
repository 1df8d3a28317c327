/** The owner's keys and what a machine permits: files of the home, read again when they change. */
import { appendFileSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { openKeyRing, retireKeys, rotateKeys } from '../../adapters/owner/key-ring.ts';
import { openPermissions } from '../../adapters/owner/permissions.ts';
import { registerRuns } from '../../adapters/owner/register-runs.ts';
import { wordnetSpec } from '../engine/rig.ts';

const newHome = (): string => join(mkdtempSync(join(tmpdir(), 'keys-')), 'home');
const said = (url: string) => ({ kind: 'student', run: 'r', url }) as const;

test('a home makes its key at first use, for its owner alone, and every process uses the same one', () => {
  const home = newHome();
  const [first, second] = [openKeyRing(home), openKeyRing(home)];
  expect(statSync(first.path).mode & 0o777).toBe(0o600);
  second.verify(said('http://a'), first.sign(said('http://a')));
});

test('a signature fits one statement and one key, whatever the statement says', () => {
  const [ring, other] = [openKeyRing(newHome()), openKeyRing(newHome())];
  assert(
    property(string(), string(), (one, another) => {
      const signature = ring.sign(said(one));
      ring.verify(said(one), signature);
      expect(() => other.verify(said(one), signature)).toThrow(/does not have/);
      expect(() => ring.verify(said(`${one}${another}x`), signature)).toThrow(/does not fit/);
      expect(() =>
        ring.verify({ kind: 'terms', run: 'r', terms: { concurrency: 1, limits: {} }, issuedAt: 1 }, signature),
      ).toThrow(/does not fit/);
    }),
  );
});

test('after a rotation new work has the new key and old work stays accepted, until the old key is retired', () => {
  const ring = openKeyRing(newHome());
  const running = openKeyRing(join(ring.path, '..'));
  const old = ring.sign(said('http://a'));
  const id = rotateKeys(ring);
  const fresh = ring.sign(said('http://a'));
  expect(fresh.key).toBe(id);
  running.verify(said('http://a'), old);
  running.verify(said('http://a'), fresh);
  expect(retireKeys(ring)).toEqual([old.key]);
  expect(() => running.verify(said('http://a'), old)).toThrow(/does not have/);
  running.verify(said('http://a'), fresh);
});

test('a key file of another machine is used where BALDISTILL_KEY_FILE names it, and a bad one is refused by line', () => {
  const ring = openKeyRing(newHome());
  const elsewhere = openKeyRing(newHome(), { BALDISTILL_KEY_FILE: ring.path });
  elsewhere.verify(said('http://a'), ring.sign(said('http://a')));
  expect(() => openKeyRing(newHome(), { BALDISTILL_KEY_FILE: `${ring.path}.none` })).toThrow(/there is no such file/);
  appendFileSync(ring.path, 'not a key\n');
  const [, secret = ''] = readFileSync(ring.path, 'utf8').split('\n');
  expect(() => openKeyRing(newHome(), { BALDISTILL_KEY_FILE: ring.path })).toThrow(
    /key 2 of 2 is not 64 hexadecimal digits/,
  );
  expect(() => openKeyRing(newHome(), { BALDISTILL_KEY_FILE: ring.path })).not.toThrow(new RegExp(secret));
});

test('a machine permits what its CLI registered and what its own lists say, and names what is missing', async () => {
  const home = newHome();
  const spec = wordnetSpec(
    'permitted',
    {},
    {
      teacher: '{ baseUrl: "http://127.0.0.1:1/v1", model: m, apiKeyEnv: TEACHER_KEY }',
      student: '{ driver: command, train: [bash, train.sh], baseUrl: "http://127.0.0.1:1/v1" }',
    },
  );
  const none = { commands: [], dataRoots: [], apiKeyEnv: [] };
  const bare = openPermissions(home, none, undefined);
  expect(() => bare.require(spec)).toThrow(
    'the command ["bash","train.sh"] in /stories, the environment variable TEACHER_KEY',
  );
  const listed = {
    commands: [{ train: ['bash', 'train.sh'], cwd: '/stories' }],
    dataRoots: [],
    apiKeyEnv: ['TEACHER_KEY'],
  };
  openPermissions(home, listed, undefined).require(spec);
  expect(() =>
    openPermissions(
      home,
      { ...listed, commands: [{ train: ['bash', 'train.sh'], cwd: '/elsewhere' }] },
      undefined,
    ).require(spec),
  ).toThrow(/bash/);
  await registerRuns(home, [spec]);
  bare.require(spec);
  writeFileSync(join(home, 'permissions.json'), '{"commands": 1}');
  expect(() => bare.require(spec)).toThrow(/does not permit/);
  writeFileSync(join(home, 'permissions.json'), '{"comm');
  expect(() => bare.require(spec)).toThrow(/does not permit/);
  await registerRuns(home, [spec]);
  bare.require(spec);
});

test('data are read below the folders that are permitted, and nowhere beside them', () => {
  const files = wordnetSpec('files');
  const data = {
    train: 'a.csv',
    fields: { input: 'i', answer: 'a' },
    duplicates: 'drop',
    leaks: 'drop',
    split: { validation: 0.1, test: 0.2, seed: 0 },
  } as const;
  const permits = (dataRoot: string, train: string): boolean => {
    try {
      const lists = { commands: [], dataRoots: ['/srv/data'], apiKeyEnv: [] };
      openPermissions(newHome(), lists, undefined).require({ ...files, dataRoot, data: { ...data, train } });
      return true;
    } catch {
      return false;
    }
  };
  expect(permits('/srv/data', 'a.csv')).toBe(true);
  expect(permits('/srv/data/deeper', '../a.csv')).toBe(true);
  expect(permits('/srv/data', '../a.csv')).toBe(false);
  expect(permits('/srv/database', 'a.csv')).toBe(false);
  expect(permits('/srv/data', '/etc/passwd')).toBe(false);
});
