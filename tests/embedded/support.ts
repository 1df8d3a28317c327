/** What the stories of the embedded endpoint share: a server in this process or in its own, and a client for it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { studentTarget } from '../../domain/tasks/answer-line.ts';
import { classification } from '../../domain/tasks/classification.ts';
import { startEmbedded, type EmbeddedOptions, type EmbeddedServer } from '../../embedded/start.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function clientOf(url: string, apiKey = 'none'): OpenAI {
  return new OpenAI({ baseURL: url, apiKey, maxRetries: 0 });
}

export async function startServer(
  options: Partial<EmbeddedOptions> = {},
): Promise<{ server: EmbeddedServer; client: OpenAI; origin: string }> {
  const server = await startEmbedded({ state: temporaryFolder(), ...options });
  onTestFinished(async () => await server.close());
  return { server, client: clientOf(server.url), origin: `http://127.0.0.1:${server.port}` };
}

export interface ServerProcess {
  readonly client: OpenAI;
  readonly origin: string;
  readonly child: ChildProcess;
  kill(): Promise<void>;
}

/** A data folder with one tiny recording, `tiny`. */
export function recording(): string {
  const data = temporaryFolder();
  const folder = join(data, 'tiny');
  const write = (name: string, rows: readonly object[]): void =>
    writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  mkdirSync(folder);
  write('train.jsonl', [
    { id: 'a', domain: 'tin', input: 'TIN PRICES RISE.', answer: 'tin' },
    { id: 'b', domain: 'gold', input: 'Never recorded.', answer: 'gold' },
    { id: 'c', domain: 'gold', input: 'GOLD FALLS.', answer: 'gold' },
  ]);
  write('teacher.jsonl', [
    { id: 'a', rationale: 'It is metal.', prediction: 'gold' },
    { id: 'c', rationale: 'It shines.', prediction: 'gold' },
  ]);
  const synthetic = { domain: 'tin', answer: 'tin', rationale: 'Cans.', prediction: 'tin' };
  write(
    'synthetic.jsonl',
    ['x', 'y', 'z'].map((input) => ({ ...synthetic, id: input, input })),
  );
  return data;
}

/** A real process; killed at the end of the test if it still runs. */
export async function spawnServer(state: string, flags: readonly string[] = [], data = ''): Promise<ServerProcess> {
  const child = fork('embedded/main.ts', ['--state', state, ...flags], {
    silent: true,
    execArgv: ['--no-warnings'],
    env: { ...process.env, BALDISTILL_DATA: data },
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(kill);
  const [message] = z
    .tuple([z.object({ ready: z.literal(true), port: z.number() })])
    .parse((await once(child, 'message')).slice(0, 1));
  const origin = `http://127.0.0.1:${message.port}`;
  return { child, origin, kill, client: clientOf(`${origin}/v1`) };
}

export async function send(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return await fetch(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
    headers: { 'content-type': 'application/json', ...Object.fromEntries(new Headers(init.headers)) },
  });
}

const Counters = z.object({ requests: z.number(), billed: z.number() });

export async function counters(origin: string): Promise<z.infer<typeof Counters>> {
  return Counters.parse(await (await fetch(`${origin}/embedded/counters`)).json());
}

const Failure = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }),
});

export async function failure(response: Response): Promise<z.infer<typeof Failure>['error']> {
  return Failure.parse(await response.json()).error;
}

export const labels = ['animal', 'food', 'plant'];
const nouns: Record<string, readonly string[]> = {
  animal: ['fur and four legs', 'a tail and sharp teeth', 'wings and a beak', 'fur and sharp teeth'],
  food: ['sugar and butter', 'baked dough with butter', 'salted and fried', 'sugar and fried dough'],
  plant: ['green leaves and roots', 'white flowers', 'a woody stem and leaves', 'roots and white flowers'],
};

export function promptFor(input: string): string {
  return classification(labels).studentPrompt({ instruction: 'Name the category.', input });
}

/** A small training file: `repeats` times twelve texts of three labels. */
export function trainingLines(repeats: number, rationale: string | null = null): string {
  const lines: string[] = [];
  for (let turn = 0; turn < repeats; turn++) {
    for (const label of labels) {
      for (const text of nouns[label] ?? []) {
        const messages = [
          { role: 'user', content: promptFor(`it has ${text} number ${'abcdefghij'[turn % 10]}`) },
          { role: 'assistant', content: studentTarget(rationale?.replace('LABEL', label) ?? null, label) },
        ];
        lines.push(JSON.stringify({ messages }));
      }
    }
  }
  return lines.join('\n');
}

export async function upload(client: OpenAI, text: string): Promise<string> {
  const file = await client.files.create({
    file: await toFile(Buffer.from(text), 'train.jsonl'),
    purpose: 'fine-tune',
  });
  return file.id;
}

/** Asks for the job until it has ended; every answer is a turn of the server, so nothing sleeps. */
export async function finished(client: OpenAI, id: string): Promise<OpenAI.FineTuning.FineTuningJob> {
  for (;;) {
    const job = await client.fineTuning.jobs.retrieve(id);
    if (['succeeded', 'failed', 'cancelled'].includes(job.status)) return job;
  }
}

export async function trained(client: OpenAI, base: string, text: string): Promise<string> {
  const job = await client.fineTuning.jobs.create({ model: base, training_file: await upload(client, text), seed: 3 });
  const { fine_tuned_model: model, error } = await finished(client, job.id);
  if (model === null) throw new Error(error?.message ?? 'no model');
  return model;
}
