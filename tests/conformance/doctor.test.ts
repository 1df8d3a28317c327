import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { openAiStudent } from '../../adapters/openai/student/student.ts';
import { CommandError, exitCodes } from '../../cli/exit.ts';
import { createProgram } from '../../cli/program.ts';
import { terminalLines } from '../../cli/terminal-text.ts';
import type { Terminal } from '../../cli/terminal.ts';
import { openLedger } from '../../adapters/ledger/open-ledger.ts';
import { startServer, temporaryFolder } from '../embedded/support.ts';
import { apiKey, startLiar, without } from './faulty-endpoint.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** The command in this process, as cli/main.ts calls it. */
async function doctor(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Said> {
  const [out, error]: [string[], string[]] = [[], []];
  const home = environment['BALDISTILL_HOME'] ?? temporaryFolder();
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  let code: number = exitCodes.done;
  const terminal: Terminal = {
    home,
    print: (text) => void out.push(terminalLines(text)),
    printJson: (value) => void out.push(JSON.stringify(value)),
    note: (text) => void error.push(text),
  };
  const program = createProgram(terminal, '0.0.0', (chosen) => {
    code = chosen;
  });
  try {
    await program.parseAsync(['doctor', ...words], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown;
    code = thrown.exitCode;
    error.push(thrown.message, thrown.remedy ?? '');
  } finally {
    vi.unstubAllEnvs();
  }
  return { code, out: out.join('\n'), error: error.join('\n') };
}

const Report = z.object({
  subject: z.string(),
  cases: z.array(z.object({ id: z.string(), verdict: z.string(), loss: z.string().nullable() })),
  uses: z.array(z.object({ use: z.string(), possible: z.string() })),
  spent: z.object({ requests: z.number(), promptTokens: z.number(), unmetered: z.number() }),
  left: z.object({ files: z.array(z.string()), models: z.array(z.string()) }),
});

describe('doctor --endpoint', () => {
  it('says what an endpoint can do, as a run will find it, and what it sent', async () => {
    const { server } = await startServer({ apiKey });
    const words = ['--endpoint', server.url, '--model', 'log-linear', '--api-key-env', 'THAT_KEY'];
    const { code, out, error } = await doctor([...words, '--json'], { THAT_KEY: apiKey });
    expect(error).not.toContain(apiKey);
    expect(code).toBe(0);
    const report = Report.parse(JSON.parse(out));
    const not = report.cases.filter(({ verdict }) => verdict !== 'holds').map(({ id, verdict }) => [id, verdict]);
    expect(not).toEqual([
      ['idempotency-key', 'lacks'],
      ['n', 'lacks'],
      ['job-survives-kill', 'unasked'],
    ]);
    expect(report.uses.every(({ possible }) => possible === 'yes')).toBe(true);
    expect(report.spent.requests).toBeGreaterThan(150);
    expect(report.spent.promptTokens).toBeGreaterThan(1000);
    expect(report.left.files).toEqual([]);

    vi.stubEnv('THAT_KEY', apiKey);
    const address = { baseUrl: server.url, apiKeyEnv: 'THAT_KEY', connections: 2, timeoutSeconds: 30 };
    const hyperparameters = { epochs: 1, batchSize: 1 };
    const student = openAiStudent({ baseModel: 'log-linear', address: () => address, hyperparameters });
    expect(await student.probe(report.subject)).toMatchObject({ promptLogprobs: 'token-ids', outputLogprobs: true });
    vi.unstubAllEnvs();
  });

  it('is reported as text what a run would lose, and trains nothing where it may not', async () => {
    const url = await startLiar({ ask: without('echo') });
    const words = ['--endpoint', url, '--model', 'log-linear', '--api-key-env', 'THAT_KEY', '--no-training'];
    const { code, out } = await doctor(words, { THAT_KEY: apiKey });
    expect(code).toBe(0);
    expect(out).toContain('nothing is to be trained (--no-training)');
    expect(out).toContain('  -     student trained here  nothing is to be trained (--no-training)');
    expect(out).toContain('  no    select: ifd');
    expect(out).toContain('write `switches: { select: uncertainty }`');
    expect(out).toMatch(/\d+ requests were sent; by its own count \d+ tokens read/);
  });

  it('ends with 1 where something is wrong', async () => {
    const url = await startLiar({ ask: without('stream') });
    const { code, out } = await doctor(
      ['--endpoint', url, '--model', 'naive-bayes', '--api-key-env', 'THAT_KEY', '--no-training'],
      { THAT_KEY: apiKey },
    );
    expect(code).toBe(1);
    expect(out).toMatch(/ {2}WRONG streams, or refuses to\n +chat\/completions: asked to stream/);
  });

  it('asks before it sends anything elsewhere, and for the model where there are many', async () => {
    const elsewhere = await doctor(['--endpoint', 'https://models.example.invalid/v1']);
    expect(elsewhere).toMatchObject({
      code: 2,
      error: expect.stringContaining('Nothing was sent. Go ahead with --yes.'),
    });
    const { server } = await startServer();
    const many = await doctor(['--endpoint', server.url]);
    expect(many).toMatchObject({ code: 2, error: expect.stringMatching(/lists 7: .*naive-bayes, log-linear/) });
    const gone = await doctor(['--endpoint', 'http://127.0.0.1:9/v1']);
    expect(gone).toMatchObject({ code: 1, error: expect.stringContaining('cannot be reached') });
  });

  it.each([
    [['--endpoint', 'ftp://there'], 'http address'],
    [['--model', 'm'], 'belong to --endpoint'],
    [['a.yaml', '--endpoint', 'http://127.0.0.1:9/v1'], 'not both'],
    [['--endpoint', 'http://me:pw@127.0.0.1:9/v1'], 'a user name or password may be one'],
    [['--endpoint', 'http://127.0.0.1:9/v1?key=pw'], 'the query parameter "key" may be one'],
    [['--endpoint', 'http://127.0.0.1:9/v1', '--api-key-env', 'NO_SUCH_KEY_HERE'], 'NO_SUCH_KEY_HERE'],
  ])('%j is wrong use', async (words, reason) => {
    expect(await doctor(words)).toMatchObject({ code: 2, error: expect.stringContaining(reason) });
  });
});

const Looks = z.object({ looks: z.array(z.object({ title: z.string(), state: z.string(), says: z.string() })) });

describe('doctor', () => {
  it('names every thing in the way of a run, and never a key', async () => {
    const { server } = await startServer({ apiKey });
    const home = temporaryFolder();
    const file = join(home, 'run.yaml');
    const lines = [
      'name: a',
      'data: { builtin: wordnet }',
      'budget: { slots: 10 }',
      `teacher: { baseUrl: "${server.url}", model: gone-model, apiKeyEnv: DOCTOR_TEACHER_KEY }`,
      'student: { baseUrl: "http://127.0.0.1:9/v1", model: m, apiKeyEnv: DOCTOR_STUDENT_KEY }',
    ];
    writeFileSync(file, lines.join('\n'));
    const environment = { DOCTOR_TEACHER_KEY: apiKey, BALDISTILL_DATA: join(home, 'nowhere'), BALDISTILL_HOME: home };
    const { code, out } = await doctor([file, '--json'], environment);
    expect(code).toBe(1);
    expect(out).not.toContain(apiKey);
    const looks = new Map(Looks.parse(JSON.parse(out)).looks.map((look) => [look.title, look]));
    expect(looks.get('data folder')).toMatchObject({ state: 'trouble' });
    expect(looks.get('key of the teacher')).toMatchObject({ state: 'fine' });
    expect(looks.get('teacher')).toMatchObject({ state: 'note', says: expect.stringContaining('gone-model') });
    expect(looks.get('key of the student')).toMatchObject({ state: 'trouble' });
    expect(looks.get('student')).toMatchObject({ state: 'trouble', says: expect.stringContaining('cannot be sent') });
  });

  it('finds a ledger that is damaged, and one that is whole', async () => {
    const [whole, damaged] = [temporaryFolder(), temporaryFolder()];
    await (await openLedger({ path: join(whole, 'ledger.sqlite') })).close();
    expect(await doctor([], { BALDISTILL_HOME: whole })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/ok +ledger +whole, adds up for 0 runs/),
    });
    writeFileSync(join(damaged, 'ledger.sqlite'), 'this is no database, and never was one'.repeat(200));
    const { code, out } = await doctor([], { BALDISTILL_HOME: damaged });
    expect(code).toBe(1);
    expect(out).toMatch(/TROUBLE +ledger/);
    expect(out).toContain('1 thing is in the way of a run.');
  });

  it('says that a server that is named does not answer', async () => {
    const { code, out } = await doctor([], { TEMPORAL_ADDRESS: '127.0.0.1:9' });
    expect(code).toBe(1);
    expect(out).toMatch(/TROUBLE +Temporal +127\.0\.0\.1:9/);
  });

  it('reports the mistakes of a run file before it looks at anything', async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'bad.yaml'), 'name: a\nbudget: { slots: 0 }\n');
    expect(await doctor([join(folder, 'bad.yaml')])).toMatchObject({ code: 2, out: '' });
  });
});
