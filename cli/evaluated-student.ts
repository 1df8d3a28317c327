/** Which student an evaluation asks, and where: from a run file or a run, and what the command line says instead. */
import { join } from 'node:path';
import type { Purse } from '../activities/ports/purse.ts';
import type { Student } from '../activities/ports/student.ts';
import { openAiStudent } from '../adapters/openai/student.ts';
import { StudentConfig } from '../contracts/run-file.ts';
import type { RunSpec } from '../contracts/run-file.ts';
import { startEmbedded } from '../embedded/start.ts';
import { embeddedUrl } from '../workers/services/endpoints.ts';
import { dataFolder } from '../workers/services/home.ts';
import { CommandError, exitCodes } from './exit.ts';

type Asked = Exclude<StudentConfig, { readonly driver: 'none' }>;

/** How the student is asked: as the run file says, or with the defaults where it has none. Throws without an address. */
export function askedOf({ student }: RunSpec, endpoint: string | undefined): Asked {
  const asked = 'maxTokens' in student ? student : StudentConfig.parse({ driver: 'manual', baseUrl: endpoint });
  if (!('maxTokens' in asked)) throw new TypeError('A student trained elsewhere is asked like any other.');
  if (endpoint === undefined && !('embedded' in asked) && asked.baseUrl === undefined)
    throw new CommandError(
      exitCodes.usage,
      'The run file names no endpoint for the student.',
      'Give one with --endpoint.',
    );
  const key = 'apiKeyEnv' in asked ? asked.apiKeyEnv : undefined;
  if (key !== undefined && !process.env[key])
    throw new CommandError(exitCodes.usage, `The run file names ${key} for an API key, which is not set here.`);
  return asked;
}

/** Where it is asked; undefined for the embedded endpoint while it is not running. */
export function addressOf(home: string, asked: Asked, endpoint: string | undefined): string | undefined {
  return endpoint ?? ('embedded' in asked ? embeddedUrl(home) : asked.baseUrl);
}

/** Whether an endpoint is on this machine, where a model without a price may be asked: nobody sends a bill for it. */
export function isLocal(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** Works with the student; an embedded endpoint that is not running is started for it alone. */
export async function withStudent<T>(
  home: string,
  asked: Asked,
  { model, endpoint, purse }: { model: string; endpoint: string | undefined; purse: Purse | undefined },
  work: (student: Student, url: string) => Promise<T>,
): Promise<T> {
  const known = addressOf(home, asked, endpoint);
  const own =
    known === undefined ? await startEmbedded({ state: join(home, 'embedded'), data: dataFolder() }) : undefined;
  const baseUrl = known ?? own?.url ?? '';
  const { concurrency, timeout, hyperparameters } = asked;
  const apiKeyEnv = 'apiKeyEnv' in asked ? asked.apiKeyEnv : undefined;
  const address = { baseUrl, apiKeyEnv, connections: concurrency, timeoutSeconds: timeout, purse };
  try {
    return await work(openAiStudent({ baseModel: model, address: () => address, hyperparameters }), baseUrl);
  } finally {
    await own?.close();
  }
}
