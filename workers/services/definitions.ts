/** The three background services: what makes one of them the right one, and how it is started. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { embeddedEnvironment, serverEnvironment, workerEnvironment } from './child-environment.ts';
import { embeddedUrlAt } from './endpoints.ts';
import { freePort } from './free-port.ts';
import { dataFolder } from './home.ts';
import { launch, untilReady } from './launch.ts';
import type { Launch, Launched } from './launch.ts';
import { readRecord } from './registry.ts';
import type { ServiceName } from './registry.ts';
import { keyNames } from './secrets.ts';
import type { Setting } from './setting.ts';
import { findTemporalCli } from './temporal/temporal-cli.ts';
import { uiAddress } from './temporal/ui-address.ts';
import { serverArguments, untilServing } from './temporal/temporal-server.ts';
import type { TemporalPorts } from './temporal/temporal-server.ts';

export interface Definition {
  readonly name: ServiceName;
  /** For people: `replacing the TITLE`. */
  readonly title: string;
  readonly identity: string;
  /** How long it may take to finish what it is at before it is killed. */
  readonly graceMs: number;
  /** Starts it, on the ports it had before where they are free. */
  start(before: TemporalPorts): Promise<Starting>;
}

export interface Starting extends TemporalPorts {
  readonly launched: Launched;
  /** Resolves when it serves, to the port it chose if it chose one. */
  ready(): Promise<number | undefined>;
}

/** A worker ends its calls in flight first (at most 160 s, see start-worker.ts); a slice starts none after the signal. */
export const graceMs: Readonly<Record<ServiceName, number>> = { temporal: 10_000, embedded: 10_000, worker: 170_000 };

/** The server does not change with our sources: only its own settings make it another one. */
export function temporalDefinition(setting: Setting): Definition {
  const { home, config, progress, environment } = setting;
  const args = serverArguments(home, config, { port: 0, uiPort: 0 });
  // Servers that were started before it had an environment of its own hold every key of a shell.
  const identity = hash([...args, JSON.stringify(config.devServer), 'environment 1']);
  const start = async (before: TemporalPorts): Promise<Starting> => {
    const command = await findTemporalCli(progress, environment);
    const port = await freePort(config.devServer.port || before.port);
    const uiPort = await freePort(config.devServer.uiPort || before.uiPort);
    const request: Launch = {
      command,
      args: serverArguments(home, config, { port, uiPort }),
      environment: serverEnvironment(environment),
      logFile: logOf(home, 'temporal'),
      speaks: false,
    };
    progress('starting the Temporal server');
    const launched = await launch(request);
    const ready = async (): Promise<undefined> => {
      await untilServing(request, launched, `127.0.0.1:${port}`, config, 60_000);
      const address = uiAddress(home, config);
      progress(`the Temporal server is up${address === null ? '' : `, its UI is http://${address}:${uiPort}`}`);
    };
    return { launched, port, uiPort, ready };
  };
  return { name: 'temporal', title: 'Temporal server', identity, graceMs: graceMs.temporal, start };
}

export function embeddedDefinition(setting: Setting): Definition {
  const { home, progress, programs, environment } = setting;
  const data = dataFolder(environment);
  const start = async (before: TemporalPorts): Promise<Starting> => {
    const port = await freePort(before.port);
    const args = [programs.embedded, '--state', join(home, 'embedded'), '--port', String(port)];
    const request = nodeLaunch(setting, 'embedded', args, embeddedEnvironment(environment));
    progress('starting the embedded endpoint (simulated or recorded teacher, baseline students)');
    const launched = await launch(request);
    const ready = async (): Promise<number> => {
      const chosen = (await untilReady(request, launched, 60_000)) ?? port;
      progress(`the embedded endpoint is up: ${embeddedUrlAt(chosen)}`);
      return chosen;
    };
    return { launched, port, uiPort: 0, ready };
  };
  const identity = hash([programs.buildId, data ?? '']);
  return { name: 'embedded', title: 'embedded endpoint', identity, graceMs: graceMs.embedded, start };
}

/** `address`: of Temporal. A worker keeps the one it was started with, so another one makes another worker. */
export function workerDefinition(setting: Setting, address: string): Definition {
  const { home, progress, programs, environment, external, config, needs } = setting;
  const start = async (): Promise<Starting> => {
    const keys = keyNames(readRecord(home, 'worker')?.secrets, needs.secrets);
    const given = workerEnvironment(environment, { keys, external: external !== undefined });
    const request = nodeLaunch(setting, 'worker', [programs.worker, '--home', home], given);
    progress('starting the worker');
    const launched = await launch(request);
    const ready = async (): Promise<undefined> => {
      await untilReady(request, launched, 120_000);
      progress('the worker is up');
    };
    return { launched, port: 0, uiPort: 0, ready };
  };
  const namespace = external?.namespace ?? config.namespace;
  const identity = hash([programs.buildId, address, namespace, dataFolder(environment) ?? '']);
  return { name: 'worker', title: 'worker', identity, graceMs: graceMs.worker, start };
}

function nodeLaunch(
  { home, environment }: Setting,
  name: ServiceName,
  args: readonly string[],
  given: NodeJS.ProcessEnv,
): Launch {
  const data = dataFolder(environment);
  const folders = { BALDISTILL_HOME: home, ...(data === undefined ? {} : { BALDISTILL_DATA: data }) };
  return {
    command: process.execPath,
    args,
    environment: { ...given, ...folders },
    logFile: logOf(home, name),
    speaks: true,
  };
}

export function logOf(home: string, name: ServiceName): string {
  return join(home, 'logs', `${name}.log`);
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
