import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandStudent } from '../../adapters/command/command-student.ts';
import { openAiStudent } from '../../adapters/openai/student/student.ts';

export const trainer = fileURLToPath(new URL('trainer.ts', import.meta.url));
export const key = 'a'.repeat(64);

const hyperparameters = { epochs: 1, batchSize: 1 };

/** Trains one key by the test's own command; `folder` is where everything lies. */
export async function train(asked: {
  folder: string;
  url: string;
  mode: string;
  signal: AbortSignal;
}): Promise<string> {
  const { folder, url, mode, signal } = asked;
  const address = { baseUrl: url, apiKeyEnv: undefined, connections: 1, timeoutSeconds: 10 };
  const student = commandStudent(openAiStudent({ baseModel: 'command', address: () => address, hyperparameters }), {
    train: [process.execPath, trainer, url, mode],
    cwd: folder,
    hyperparameters,
    folder: join(folder, 'training'),
    environment: process.env,
    logFile: (suffix) => join(folder, `${suffix}.log`),
  });
  const trainingPath = join(folder, 'train.jsonl');
  const line = { messages: ['user', 'assistant'].map((role) => ({ role, content: 'The answer is: x' })) };
  writeFileSync(trainingPath, `${JSON.stringify(line)}\n`);
  await student.createJob({
    key,
    ended: 0,
    baseModel: 'command',
    trainingPath,
    seed: 0,
    suffix: 'log',
    options: {},
    signal,
  });
  const state = await student.job(key);
  return state.status === 'succeeded' ? state.model : state.status;
}
