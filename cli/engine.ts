/** The services a command needs, and a client of the engine. */
import { Client, Connection } from '@temporalio/client';
import { permissionsFor } from '../adapters/owner/permissions.ts';
import type { RunSpec } from '../contracts/run/run-file.ts';
import { ensureServices } from '../workers/services/ensure.ts';
import type { Services } from '../workers/services/ensure.ts';
import type { Needs } from '../workers/services/setting.ts';
import { temporalTarget } from '../workers/temporal-connection.ts';
import { recordOf } from './runs/stored-runs.ts';
import type { Terminal } from './terminal.ts';

export interface Engine {
  readonly client: Client;
  readonly connection: Connection;
  readonly services: Services;
  /** Starts again whatever died meanwhile. */
  readonly heal: () => Promise<void>;
}

/** What a run needs beside Temporal and a worker. An unknown one may need anything. */
export function needsOf(spec: RunSpec | undefined): Needs {
  if (spec === undefined) return { worker: true, embedded: true, secrets: [] };
  const parts = [...(spec.teacher === undefined ? [] : [spec.teacher]), spec.student];
  return { worker: true, embedded: parts.some((part) => 'embedded' in part), secrets: permissionsFor(spec).apiKeyEnv };
}

/** Starts the services that are missing, connects, and closes the connection after `work`. */
export async function withEngine<T>(
  terminal: Terminal,
  needs: Needs,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { home } = terminal;
  const progress = (line: string): void => terminal.note(line);
  const services = await ensureServices({ home, needs, progress });
  const { connectionOptions, namespace } = temporalTarget(home);
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10s' });
  const client = new Client({ connection, namespace });
  const heal = async (): Promise<void> => void (await ensureServices({ home, needs, progress, onlyDead: true }));
  try {
    return await work({ client, connection, services, heal });
  } finally {
    await connection.close();
  }
}

/** The same for a run that was started before: its needs are in the ledger. */
export async function withEngineOf<T>(
  terminal: Terminal,
  run: string,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const record = await recordOf(terminal.home, run);
  return await withEngine(terminal, needsOf(record?.spec), work);
}
