/**
 * A training command as a user may write it: `node trainer.ts BASE_URL MODE`. Trains at an OpenAI endpoint and writes
 * the model's name. Modes: `good`; `fails-once`; `waits`, with a child of its own, until `OUT_DIR/go` is there.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';

const [, , baseUrl = '', mode = 'good'] = process.argv;
const given = (name: string): string => process.env[name] ?? '';
const output = (name: string): string => join(given('OUT_DIR'), name);

// One line a start, so that a test sees how often and with what it was run.
appendFileSync(
  output('starts.jsonl'),
  `${JSON.stringify({ pid: process.pid, env: process.env, cwd: process.cwd() })}\n`,
);
process.stdout.write('training\n');

if (mode === 'fails-once' && !existsSync(output('failed'))) {
  writeFileSync(output('failed'), '');
  process.stderr.write('out of memory \u001B[31mon the first try\n');
  process.exit(7);
}
if (mode === 'waits' && !existsSync(output('go'))) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  writeFileSync(output('child'), String(child.pid));
  while (!existsSync(output('go'))) await pause(20);
  child.kill();
}

const form = new FormData();
form.set('purpose', 'fine-tune');
form.set('file', new Blob([readFileSync(given('TRAIN_FILE'))]), 'train.jsonl');
const Answer = z.object({ id: z.string(), status: z.string(), fine_tuned_model: z.string().nullish() });
const answered = async (path: string, init?: RequestInit): Promise<z.infer<typeof Answer>> =>
  Answer.parse(await (await fetch(`${baseUrl}${path}`, init)).json());

const file = await answered('/files', { method: 'POST', body: form });
const body = JSON.stringify({
  model: 'naive-bayes',
  training_file: file.id,
  seed: Number(given('SEED')),
  suffix: given('KEY').slice(0, 8),
  hyperparameters: { n_epochs: Number(given('EPOCHS')), batch_size: Number(given('BATCH_SIZE')) },
});
let job = await answered('/fine_tuning/jobs', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
});
while (job.fine_tuned_model === null || job.fine_tuned_model === undefined) {
  await pause(20);
  job = await answered(`/fine_tuning/jobs/${job.id}`);
}
writeFileSync(output('losses.jsonl'), '{"step":2,"loss":0.5}\nnot a loss\n{"step":1,"loss":1.5}\n');
writeFileSync(output('model.txt'), `${job.fine_tuned_model}\n`);
