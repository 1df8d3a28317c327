/** The home folder is closed to other users of the machine: whatever the umask, whatever writes there. */
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ends, launcher, openHome, storyFile } from '../durability/rig.ts';
import type { Home, Said } from '../durability/rig.ts';

const trainer = fileURLToPath(new URL('../command/trainer.ts', import.meta.url));

let folder: string;
let home: Home;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baldistill-closed-'));
  home = await openHome({ path: join(folder, 'state', 'home') });
});
afterAll(async () => {
  await home.end();
  rmSync(folder, { recursive: true, force: true });
});

function cli(umask: string, ...words: string[]): Promise<Said> {
  return home.cliOf('/bin/sh', '-c', `umask ${umask}; exec "$0" "$@"`, launcher, ...words);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const small = (name: string): string =>
  storyFile(name).replace('stages: 4', 'stages: 2').replace('slots: 240', 'slots: 40');
const modeOf = (path: string): number => lstatSync(path).mode & 0o777;

/** Everything in a folder and the folder itself, as `path mode`, that other users could reach but for its folder. */
function open(path: string): string[] {
  const inside = lstatSync(path).isDirectory() ? readdirSync(path).flatMap((name) => open(join(path, name))) : [];
  const mode = modeOf(path);
  return (mode & 0o077) === 0 ? inside : [...inside, `${relative(folder, path)} ${mode.toString(8)}`];
}

describe('under a umask that forbids nothing', { timeout: 240_000 }, () => {
  test('everything that commands, services and training commands leave in the home is for its owner only', async () => {
    await ends(cli('000', 'dev'), 0);
    await ends(cli('000', 'preview', file('plain.yaml', small('plain')), '--yes'), 0);
    await ends(cli('000', 'run', join(folder, 'plain.yaml')), 0);
    // A training command may open its own files; the folder around them stays closed.
    const train = `${process.execPath} ${trainer} ${home.endpoint().href} good && chmod 666 "$OUT_DIR/model.txt"`;
    const student = `student: { driver: command, train: [sh, -c, '${train}'], baseUrl: '${home.endpoint().href}' }`;
    await ends(cli('000', 'run', file('trained.yaml', small('trained').replace(/^student:.*$/m, student))), 0);
    const grid = [
      'name: grid',
      'runs: { wordnet: { data: { builtin: wordnet, pool: 600 }, teacher: { embedded: simulated }, student: { embedded: naive-bayes } } }',
      'methods: [random-ft-cot]\nslots: [30]\nstages: [1]\nseeds: 1',
    ];
    await ends(cli('000', 'compare', file('grid.yaml', grid.join('\n'))), 0);
    await ends(cli('000', 'export', 'plain'), 0);
    expect(open(home.path).filter((entry) => !/^state\/home\/training\/\w+\/out\/model\.txt 666$/.test(entry))).toEqual(
      [],
    );
    // The first command made the folder above, too.
    expect(modeOf(join(folder, 'state'))).toBe(0o700);
  });

  test('what is asked for elsewhere has the modes that its owner chose', async () => {
    for (const [umask, ofFolder, ofFile] of [
      ['000', 0o777, 0o666],
      ['022', 0o755, 0o644],
      ['027', 0o750, 0o640],
    ] as const) {
      const to = join(folder, `set-${umask}`);
      await ends(cli(umask, 'export', 'plain', '--to', to), 0);
      expect([modeOf(to), ...readdirSync(to).map((name) => modeOf(join(to, name)))]).toEqual([
        ofFolder,
        ofFile,
        ofFile,
      ]);
      const predictions = join(folder, `predictions-${umask}.jsonl`);
      await ends(cli(umask, 'evaluate', '--run', 'plain', '--predictions', predictions), 0);
      expect(modeOf(predictions)).toBe(ofFile);
    }
    expect(open(home.path).filter((entry) => !entry.endsWith('model.txt 666'))).toEqual([]);
  });

  test('a home of an earlier version is closed by the next command, which says so once', async () => {
    await ends(cli('022', 'down'), 0);
    const all = readdirSync(home.path, { recursive: true, encoding: 'utf8' }).map((name) => join(home.path, name));
    for (const path of [home.path, ...all]) chmodSync(path, lstatSync(path).isDirectory() ? 0o755 : 0o644);
    const own = join(home.path, 'mine.yaml');
    writeFileSync(own, small('mine'));
    chmodSync(own, 0o644);
    const doctor = await ends(cli('022', 'doctor'), 0);
    expect(doctor.stdout.replaceAll(/\s+/g, ' ')).toContain(`other users of this machine may enter ${home.path}`);
    const before = open(home.path);
    const { stderr } = await ends(cli('022', 'ls'), 0);
    // What another process put there is not ours to change; the folder protects it.
    expect(open(home.path)).toEqual(['state/home/mine.yaml 644']);
    const folders = before.filter((entry) => entry.endsWith('755')).length;
    expect(stderr.trim().split('\n')).toEqual([
      `Closed the home folder ${home.path} to other users, who could read ${folders} folders and ${before.length - folders - 1} files.`,
    ]);
    expect((await ends(cli('022', 'ls'), 0)).stderr).toBe('');
  });
});

/** What a command says that is given a home it must not use. */
async function refusal(path: string): Promise<string> {
  return (await ends(withHome(path, 'ls'), 2)).stderr;
}

function withHome(path: string, ...words: string[]): Promise<Said> {
  return home.cliOf('/bin/sh', '-c', 'BALDISTILL_HOME=$0 exec "$@"', path, launcher, ...words);
}

describe('a home that others could replace is refused, and nothing is made', () => {
  test('in a folder that anybody may write to, unless only owners may rename there', async () => {
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const stderr = await refusal(join(shared, 'home'));
    expect(stderr).toContain(`any user of this machine may write to ${shared}`);
    expect(stderr).toContain('BALDISTILL_HOME');
    expect(readdirSync(shared)).toEqual([]);
    const { stdout } = await ends(withHome(join(shared, 'home'), 'doctor'), 1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`any user of this machine may write to ${shared}`);
    // As /tmp is.
    chmodSync(shared, 0o1777);
    await ends(withHome(join(shared, 'home'), 'ls'), 0);
  });

  test.runIf(process.getuid?.() === 0)("in a folder of another user, or a folder that is another user's", async () => {
    const other = join(folder, 'other');
    mkdirSync(join(other, 'theirs'), { recursive: true });
    chownSync(join(other, 'theirs'), 12_345, 12_345);
    expect(await refusal(join(other, 'theirs'))).toContain(`${join(other, 'theirs')} belongs to another user`);
    expect(await refusal(join(other, 'theirs', 'home'))).toContain(`${join(other, 'theirs')} belongs to another user`);
    expect(readdirSync(join(other, 'theirs'))).toEqual([]);
  });
});
