/** Which student an evaluation asks, and where: from a run file or a run, and what the command line says instead. */
import { join } from 'node:path';
import type { SpendAccount } from '../activities/ports/spend-account.ts';
import type { Student } from '../activities/ports/student.ts';
import { openAiStudent } from '../adapters/openai/student/student.ts';
import { StudentConfig } from '../contracts/run/run-file.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import { startEmbedded } from '../embedded/start.ts';
import { embeddedUrl } from '../workers/services/endpoints.ts';
import { dataFolder } from '../workers/services/home.ts';
import { CommandError, exitCodes } from './exit.ts';

type Asked = Exclude<StudentConfig, { readonly driver: 'none' }>;

/** What the command line says about where the student is served. */
export interface Elsewhere {
  readonly endpoint?: string | undefined;
  /** Environment variable that holds the key of that endpoint. */
  readonly apiKeyEnv?: string | undefined;
}

/**
 * How the student is asked: as the run file says, or with the defaults where it has none. Throws without an address, or
 * without the key that is named for it.
 */
export function askedOf({ student }: RunSpec, { endpoint, apiKeyEnv }: Elsewhere): Asked {
  const asked = 'maxTokens' in student ? student : StudentConfig.parse({ driver: 'manual', baseUrl: endpoint });
  if (!('maxTokens' in asked)) throw new TypeError('A student trained elsewhere is asked like any other.');
  if (endpoint === undefined && !('embedded' in asked) && asked.baseUrl === undefined)
    throw new CommandError(
      exitCodes.usage,
      'The run file names no endpoint for the student.',
      'Give one with --endpoint.',
    );
  const key = keyFor(asked, { endpoint, apiKeyEnv });
  if (key !== undefined && !process.env[key])
    throw new CommandError(
      exitCodes.usage,
      `The environment variable ${key} is to hold an API key, and is not set here.`,
    );
  return asked;
}

/** A key belongs to the server it was given for: the run file's is never sent to another one. */
function keyFor(asked: Asked, { endpoint, apiKeyEnv }: Elsewhere): string | undefined {
  if (apiKeyEnv !== undefined) return apiKeyEnv;
  if (!('apiKeyEnv' in asked)) return undefined;
  const own = asked.baseUrl === undefined ? undefined : new URL(asked.baseUrl).origin;
  return endpoint === undefined || new URL(endpoint).origin === own ? asked.apiKeyEnv : undefined;
}

/** Where it is asked; undefined for the embedded endpoint while it is not running. */
export function addressOf(home: string, asked: Asked, endpoint: string | undefined): string | undefined {
  return endpoint ?? ('embedded' in asked ? embeddedUrl(home) : asked.baseUrl);
}

/** Whether an endpoint is on this machine, where a model without a price is free. */
export function isLocal(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** Works with the student; an embedded endpoint that is not running is started for it alone. */
export async function withStudent<T>(
  home: string,
  asked: Asked,
  { model, account, ...elsewhere }: Elsewhere & { readonly model: string; readonly account: SpendAccount | undefined },
  work: (student: Student, url: string) => Promise<T>,
): Promise<T> {
  const known = addressOf(home, asked, elsewhere.endpoint);
  const own =
    known === undefined ? await startEmbedded({ state: join(home, 'embedded'), data: dataFolder() }) : undefined;
  const baseUrl = known ?? own?.url ?? '';
  const { concurrency, timeout, hyperparameters } = asked;
  const apiKeyEnv = keyFor(asked, elsewhere);
  const address = { baseUrl, apiKeyEnv, connections: concurrency, timeoutSeconds: timeout, account };
  try {
    return await work(openAiStudent({ baseModel: model, address: () => address, hyperparameters }), baseUrl);
  } finally {
    await own?.close();
  }
}
