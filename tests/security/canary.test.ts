/** A secret is where it is needed and nowhere else: not in files, histories, outputs, argument lists or other processes. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from '../../embedded/start.ts';
import type { EmbeddedServer } from '../../embedded/start.ts';
import { temporalAddressOf } from '../../workers/services/endpoints.ts';
import { ends, openHome, storyFile, until } from '../durability/rig.ts';
import type { Home } from '../durability/rig.ts';
import { canariesIn, leaksUnder } from './leaks.ts';

/** The keys have names that do not look like secrets; the variables that no run needs do, or have a password in them. */
const value = (): string => `canary${randomBytes(12).toString('hex')}`;
const canaries = {
  STORY_TEACHER: value(),
  STORY_STUDENT: value(),
  TEMPORAL_API_KEY: value(),
  SECRET_X: value(),
  GITHUB_PAT: value(),
  DATABASE_URL: value(),
};
const environment = { ...canaries, DATABASE_URL: `postgres://me:${canaries.DATABASE_URL}@127.0.0.1:5432/db` };

let folder: string;
let teacher: EmbeddedServer;
let student: EmbeddedServer;
let home: Home;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baldistill-canary-'));
  teacher = await startEmbedded({ state: join(folder, 'teacher'), apiKey: canaries.STORY_TEACHER });
  student = await startEmbedded({ state: join(folder, 'student'), apiKey: canaries.STORY_STUDENT });
  home = await openHome({ environment });
});
afterAll(async () => {
  await home.end();
  await Promise.all([teacher.close(), student.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const said: string[] = [];
async function cli(...words: string[]): Promise<void> {
  const { stdout, stderr } = await ends(home.cli(...words), 0);
  said.push(stdout, stderr);
}

const teacherLine = (): string =>
  `{ baseUrl: '${teacher.url}', model: 'simulated-wordnet?noise=0.2&pool=600', apiKeyEnv: STORY_TEACHER }`;
const studentLine = (): string => `{ baseUrl: '${student.url}', model: naive-bayes, apiKeyEnv: STORY_STUDENT }`;

function runFile(name: string, studentPart: string): string {
  const text = storyFile(name)
    .replace('stages: 4', 'stages: 2')
    .replace('slots: 240', 'slots: 40')
    .replace(/^teacher:.*$/m, `teacher: ${teacherLine()}`)
    .replace(/^student:.*$/m, `student: ${studentPart}`);
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}

/** Every process of this home but the command lines, which run in the environment of the person who types them. */
function childProcesses(): readonly { readonly kind: string; readonly environ: Buffer }[] {
  return home.processes().flatMap((line) => {
    const [pid = '', command = ''] = line.split(': ');
    if (/cli\/main\.ts|bin\/baldistill|setup\/install\.mjs/.test(command)) return [];
    const kind = ['workers/main.ts', 'embedded/main.ts', 'server start-dev'].find((word) => command.includes(word));
    return [{ kind: kind ?? 'training command', environ: readFileSync(`/proc/${pid}/environ`) }];
  });
}

async function histories(): Promise<string> {
  const connection = await Connection.connect({ address: temporalAddressOf(home.path) ?? '' });
  try {
    const client = new Client({ connection });
    const texts: string[] = [];
    for await (const { workflowId, runId, memo } of client.workflow.list())
      texts.push(
        historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory()),
        JSON.stringify(memo),
      );
    return texts.join('\n');
  } finally {
    await connection.close();
  }
}

test.runIf(process.platform === 'linux')(
  'a run, a comparison, an export, doctor and preview leave no secret anywhere',
  { timeout: 240_000 },
  async () => {
    const plain = runFile('plain', studentLine());
    await cli('dev');
    await cli('doctor', plain);
    await cli('preview', plain, '--yes');
    await cli('run', plain);
    const grid = [
      'name: grid',
      `runs: { wordnet: { data: { builtin: wordnet, pool: 600 }, teacher: ${teacherLine()}, student: ${studentLine()} } }`,
      'methods: [random-ft-cot]\nslots: [30]\nstages: [1]\nseeds: 1',
    ];
    writeFileSync(join(folder, 'grid.yaml'), grid.join('\n'));
    await cli('compare', join(folder, 'grid.yaml'));

    // A training command that waits, so that its environment can be seen.
    const train = 'while [ ! -e "$OUT_DIR/go" ]; do sleep 0.1; done; echo naive-bayes > "$OUT_DIR/model.txt"';
    const command = `{ driver: command, train: [sh, -c, '${train}'], baseUrl: '${student.url}', apiKeyEnv: STORY_STUDENT }`;
    const going = home.start('run', runFile('trained', command));
    const training = join(home.path, 'training');
    const go = (): void => {
      const keys = existsSync(training) ? readdirSync(training) : [];
      for (const key of keys.filter((name) => existsSync(join(training, name, 'out'))))
        writeFileSync(join(training, key, 'out', 'go'), '');
    };
    await until(() => childProcesses().some(({ kind }) => kind === 'training command'));
    const seen = childProcesses().map(({ kind, environ }) => [kind, ...canariesIn(canaries, environ)].join(' '));
    expect([...new Set(seen)].toSorted()).toEqual([
      'embedded/main.ts',
      'server start-dev',
      'training command STORY_STUDENT',
      'workers/main.ts STORY_TEACHER STORY_STUDENT',
    ]);
    expect(canariesIn(canaries, Buffer.from(home.processes().join('\n')))).toEqual([]);
    const poll = setInterval(go, 100);
    const { stdout, stderr } = await ends(going.ended, 0).finally(() => clearInterval(poll));
    said.push(stdout, stderr);

    await cli('export', 'plain', '--to', join(folder, 'set'));
    await cli('evaluate', '--run', 'plain', '--predictions', join(folder, 'set', 'predictions.jsonl'), '--yes');
    for (const words of [
      ['ls'],
      ['status', 'plain'],
      ['report', 'plain', '--json'],
      ['ledger', 'show', 'plain', '--calls'],
    ])
      await cli(...words);

    const kept = await histories();
    expect(kept).toContain('WORKFLOW_EXECUTION_COMPLETED');
    expect(canariesIn(canaries, Buffer.from(kept))).toEqual([]);
    expect(canariesIn(canaries, Buffer.from(said.join('\n')))).toEqual([]);
    expect(await leaksUnder(canaries, join(folder, 'set'))).toEqual([]);
    expect(await leaksUnder(canaries, home.path)).toEqual([]);

    // The key that signs runs is in its own file alone.
    const [line = ''] = readFileSync(join(home.path, 'owner.key'), 'utf8')
      .split('\n')
      .filter((text) => /^\w{64}$/.test(text));
    const owner = { line, bytes: Buffer.from(line, 'hex').toString('latin1') };
    expect(line).not.toBe('');
    for (const text of [kept, said.join('\n')]) expect(canariesIn(owner, Buffer.from(text))).toEqual([]);
    expect(await leaksUnder(owner, join(folder, 'set'))).toEqual([]);
    expect(await leaksUnder(owner, home.path)).toEqual([`${join(home.path, 'owner.key')}: line`]);

    // The search itself finds what there is.
    const planted = join(home.path, 'planted');
    writeFileSync(
      planted,
      gzipSync(JSON.stringify({ header: Buffer.from(`x ${canaries.SECRET_X}`).toString('base64') })),
    );
    expect(await leaksUnder(canaries, home.path)).toEqual([`${planted}: SECRET_X`]);
  },
);
