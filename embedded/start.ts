/** Composition root of the embedded endpoint: state, teachers, students, server, and the order in which they end. */
import { mkdirSync } from 'node:fs';
import { buildApp } from './app.ts';
import { BatchRunner } from './batches/runner.ts';
import { Behavior, type BehaviorChange } from './behavior.ts';
import { JobRunner } from './jobs/runner.ts';
import { lineAnswers } from './routes/batch-line.ts';
import { Batches } from './state/batches.ts';
import { openDatabase } from './state/database.ts';
import { Files } from './state/files.ts';
import { Jobs } from './state/jobs.ts';
import { Meter } from './state/meter.ts';
import { StudentStore } from './students/store.ts';
import { TeacherCatalog } from './teachers/catalog.ts';

export interface EmbeddedOptions {
  /** Folder of everything that survives a kill; one server at a time. */
  readonly state: string;
  /** 0 or absent: a free one. */
  readonly port?: number | undefined;
  /** Folder with data sets, for recorded teachers. */
  readonly data?: string | undefined;
  /** Every request but `/health` must carry it as a bearer token. */
  readonly apiKey?: string | undefined;
  readonly behavior?: BehaviorChange | undefined;
}

export interface EmbeddedServer {
  /** With `/v1`: what the `openai` package calls `baseURL`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on the loopback interface only. Throws when the folder is in use or the port is taken. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  mkdirSync(options.state, { recursive: true });
  const database = openDatabase(options.state);
  const meter = new Meter(options.state);
  const behavior = new Behavior();
  if (options.behavior) behavior.change(options.behavior);
  const files = new Files(options.state, database);
  const jobs = new Jobs(database);
  const students = new StudentStore(options.state);
  const runner = new JobRunner(files, jobs, students, behavior);
  const teachers = new TeacherCatalog(options.data);
  const batches = new Batches(database);
  const batchRunner = new BatchRunner(files, batches, behavior, lineAnswers({ behavior, meter, students, teachers }));
  const services = { behavior, meter, files, jobs, runner, batches, batchRunner, students, teachers };
  const app = await buildApp(services, options.apiKey);
  const close = async (): Promise<void> => {
    await app.close();
    await runner.close();
    await batchRunner.close();
    meter.close();
    database.close();
  };
  try {
    const address = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
    runner.resume();
    batchRunner.resume();
    return { url: `${address}/v1`, port: Number(new URL(address).port), close };
  } catch (error) {
    await close();
    throw error;
  }
}
