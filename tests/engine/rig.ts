/** Real parts for stories about runs: a Temporal server, the embedded endpoint, and workers with separate homes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import type { RunSpec } from '../../contracts/run/run-file.ts';
import type { SignedRun } from '../../contracts/signed/signed-run.ts';
import type { Owner } from '../../activities/ports/owner.ts';
import { openOwner } from '../../adapters/owner/owner.ts';
import { signCommand } from '../../adapters/owner/sign-command.ts';
import { registerRuns } from '../../adapters/owner/register-runs.ts';
import { resolveRunFile } from '../../adapters/run-file/resolve.ts';
import type { Overrides } from '../../adapters/run-file/overrides.ts';
import { startEmbedded } from '../../embedded/start.ts';
import type { EmbeddedServer } from '../../embedded/start.ts';
import type { BehaviorChange } from '../../embedded/behavior.ts';
import { progressOfRun } from '../../workflows/messages.ts';
import type { distill } from '../../workflows/index.ts';
import type { Progress } from '../../contracts/progress.ts';
import { buildId } from '../../workers/build-id.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { findTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';
import { startWorker } from '../../workers/start-worker.ts';
import type { RunningWorker } from '../../workers/start-worker.ts';
import { TemporalConfig, engineSettings } from '../../workers/temporal-config.ts';

export interface Home {
  readonly path: string;
  readonly config: TemporalConfig;
  worker(): Promise<RunningWorker>;
  readonly owner: Owner;
  /** A command, signed as by this home's CLI. */
  command<Content extends object>(
    run: string,
    action: 'budget' | 'flow' | 'resume',
    content: Content,
  ): ReturnType<typeof signCommand<Content>>;
  /** `signed`: a run signed earlier, for stories in which the artifact store refuses writes. */
  start(spec: RunSpec, signed?: SignedRun): Promise<WorkflowHandle<typeof distill>>;
}

export interface RigOptions {
  readonly data?: string;
  readonly apiKey?: string;
  /** Events after which the server suggests to continue a workflow as new; the default is 4,096. */
  readonly continueAfterEvents?: number;
}

export interface Rig {
  readonly client: Client;
  /** The address of the Temporal server. */
  readonly address: string;
  readonly embedded: () => EmbeddedServer;
  /** A new home with separate task queues, so that workers of different homes never share work. */
  home(sliceSeconds?: number): Home;
  behave(change: BehaviorChange): Promise<void>;
  counters(): Promise<{ requests: number; billed: number }>;
  stopEmbedded(): Promise<void>;
  startEmbedded(): Promise<void>;
  close(): Promise<void>;
}

let installed = false;

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  if (!installed) Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  installed = true;
  const folder = mkdtempSync(join(tmpdir(), 'baldistill-rig-'));
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: await findTemporalCli(() => undefined) },
      extraArgs: [
        ...[
          'history.transferProcessorMaxPollRPS=2000',
          'history.timerProcessorMaxPollRPS=2000',
          'system.enableActivityEagerExecution=true',
          ...(options.continueAfterEvents === undefined
            ? []
            : [`limit.historyCount.suggestContinueAsNew=${options.continueAfterEvents}`]),
        ].flatMap((value) => ['--dynamic-config-value', value]),
        ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
      ],
    },
  });
  const workers: RunningWorker[] = [];
  const embeddedOptions = { state: join(folder, 'embedded'), data: options.data, apiKey: options.apiKey };
  let embedded: EmbeddedServer | undefined = await startEmbedded(embeddedOptions);
  let homes = 0;

  const ask = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await fetch(new URL(path, embedded?.url), init);
    return await response.json();
  };

  return {
    client: environment.client,
    address: environment.address,
    embedded: () => {
      if (embedded === undefined) throw new Error('the embedded endpoint is stopped');
      return embedded;
    },
    home(sliceSeconds = 30) {
      const name = `home-${++homes}`;
      const path = join(folder, name);
      const queue = (kind: string, concurrency: number) => ({ name: `${name}-${kind}`, concurrency });
      const config = TemporalConfig.parse({
        taskQueues: { control: queue('control', 16), teacher: queue('teacher', 8), student: queue('student', 4) },
        timeouts: { heartbeatSeconds: 10, sliceSeconds },
      });
      const owner = openOwner(path, null);
      return {
        path,
        config,
        owner,
        command: (run, action, content) => signCommand(owner, { run, action, content }),
        async worker() {
          // All homes of a rig share one workflow bundle.
          await workflowBundle(join(tmpdir(), 'baldistill-bundles'), buildId());
          const worker = await startWorker({
            home: path,
            buildId: buildId(),
            bundles: join(tmpdir(), 'baldistill-bundles'),
            config,
            target: { connectionOptions: { address: environment.address }, namespace: 'default' },
            embeddedUrl: () => embedded?.url,
          });
          workers.push(worker);
          return worker;
        },
        async start(spec, signed) {
          await registerRuns(path, [spec]);
          return await environment.client.workflow.start<typeof distill>('distill', {
            workflowId: spec.name,
            taskQueue: config.taskQueues.control.name,
            args: [
              { run: signed ?? (await owner.signRun(spec)), searchAttributes: true, engine: engineSettings(config) },
            ],
          });
        },
      };
    },
    behave: async (change) => {
      await ask('/embedded/behavior', {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${options.apiKey ?? ''}` },
        body: JSON.stringify(change),
      });
    },
    counters: async () => {
      const counted = await ask('/embedded/counters', { headers: { authorization: `Bearer ${options.apiKey ?? ''}` } });
      if (typeof counted !== 'object' || counted === null || !('requests' in counted) || !('billed' in counted))
        throw new Error('no counters');
      return { requests: Number(counted.requests), billed: Number(counted.billed) };
    },
    stopEmbedded: async () => {
      await embedded?.close();
      embedded = undefined;
    },
    startEmbedded: async () => {
      embedded = await startEmbedded(embeddedOptions);
    },
    close: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(workers.map(async (worker) => await worker.stopped));
      await embedded?.close();
      await environment.teardown();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Stories {
  readonly rig: Rig;
  readonly home: Home;
  /** An empty data folder. */
  readonly data: string;
}

/** A rig, a home and one worker for the stories of one file. Call it at the top level of the file. */
export function openStories(options: Omit<RigOptions, 'data'> = {}): Stories {
  const data = mkdtempSync(join(tmpdir(), 'stories-'));
  let opened: { readonly rig: Rig; readonly home: Home } | undefined;
  const at = (): { readonly rig: Rig; readonly home: Home } => {
    if (opened === undefined) throw new Error('no story has begun');
    return opened;
  };
  beforeAll(async () => {
    const rig = await openRig({ ...options, data });
    opened = { rig, home: rig.home() };
    await opened.home.worker();
  });
  afterAll(async () => {
    await opened?.rig.close();
    rmSync(data, { recursive: true, force: true });
  });
  return {
    data,
    get rig() {
      return at().rig;
    },
    get home() {
      return at().home;
    },
  };
}

/** JSONL files in a folder of a data folder, by name. */
export function writeData(folder: string, files: Readonly<Record<string, readonly object[]>>): void {
  mkdirSync(folder);
  for (const [file, rows] of Object.entries(files))
    writeFileSync(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** The spec of a run file with these lines. */
export function specOf(name: string, lines: readonly string[], dataRoot?: string, overrides: Overrides = {}): RunSpec {
  const text = [`name: ${name}`, ...lines].join('\n');
  const resolved = resolveRunFile(text, { path: '/stories/story.yaml', overrides, name, dataRoot });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.spec;
}

/** A small run over WordNet: 120 slots, 3 stages, unless the YAML or the overrides say otherwise. */
export function wordnetSpec(
  name: string,
  overrides: Overrides = {},
  yaml: Partial<Record<'teacher' | 'student' | 'switches' | 'budget', string>> = {},
): RunSpec {
  const lines = [
    'data: { builtin: wordnet, pool: 600 }',
    'method: baldistill-a',
    'stages: 3',
    `budget: ${yaml.budget ?? '{ slots: 120 }'}`,
    `teacher: ${yaml.teacher ?? '{ embedded: simulated }'}`,
    `student: ${yaml.student ?? '{ embedded: naive-bayes }'}`,
    `switches: ${yaml.switches ?? '{}'}`,
  ];
  return specOf(name, lines, undefined, overrides);
}

/** Queries a run until its progress satisfies the condition. */
export async function until(
  handle: WorkflowHandle<typeof distill>,
  wanted: (progress: Progress) => boolean,
  withinMs = 30_000,
): Promise<Progress> {
  const end = Date.now() + withinMs;
  for (;;) {
    const progress = await handle.query(progressOfRun);
    if (wanted(progress)) return progress;
    if (Date.now() > end) throw new Error(`never came: ${JSON.stringify(progress)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
