/** Starts what a command needs and is not running, once for all who ask at the same time. */
import { join } from 'node:path';
import { externalTarget } from '../temporal-connection.ts';
import { buildId } from '../build-id.ts';
import { loadTemporalConfig } from '../temporal-config.ts';
import { makeHome } from './closed-home.ts';
import { embeddedDefinition, temporalDefinition, workerDefinition } from './definitions.ts';
import type { Definition } from './definitions.ts';
import { embeddedUrl, temporalUi } from './endpoints.ts';
import { exclusively } from '../../adapters/processes/exclusive.ts';
import { repository } from './home.ts';
import { DidNotStart, letGo } from './launch.ts';
import { endProcess, isAlive } from '../../adapters/processes/process-identity.ts';
import { readRecord, withRegistry } from './registry.ts';
import type { ServiceRecord } from './registry.ts';
import { hasSecrets, secretsFor } from './secrets.ts';
import type { EnsureRequest, Setting } from './setting.ts';

export interface Services {
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly embeddedUrl: string | null;
}

/** Thrown to a command that only keeps services alive: they were ended on purpose (`down` removes the record, a crash does not). */
export class ServicesEnded extends Error {}

const maxStarts = 3;

/** Keys of a Temporal server elsewhere: with another one, the worker is another one. */
const temporalKeys = ['TEMPORAL_API_KEY'];

export async function ensureServices(request: EnsureRequest): Promise<Services> {
  const environment = request.environment ?? process.env;
  const external = externalTarget(environment);
  const setting: Setting = {
    ...request,
    needs: { ...request.needs, secrets: [...request.needs.secrets, ...(external === undefined ? [] : temporalKeys)] },
    environment,
    programs: request.programs ?? {
      worker: join(repository, 'workers', 'main.ts'),
      embedded: join(repository, 'embedded', 'main.ts'),
      buildId: buildId(),
    },
    config: loadTemporalConfig(),
    external,
  };
  const running = servicesOf(setting);
  if (running !== undefined) return running;
  makeHome(request.home);
  const waiting = (): void => request.progress('another baldistill is starting the services; waiting for it');
  return await exclusively(join(request.home, 'services.lock'), waiting, () => startMissing(setting));
}

async function startMissing(setting: Setting): Promise<Services> {
  for (let attempt = 1; ; attempt++) {
    const first: Definition[] = [];
    if (setting.external === undefined) first.push(temporalDefinition(setting));
    if (setting.needs.embedded) first.push(embeddedDefinition(setting));
    const started = await Promise.allSettled(first.map((definition) => ensure(setting, definition)));
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    // The worker is the last: it polls Temporal as soon as it lives.
    if (setting.needs.worker) await ensure(setting, workerDefinition(setting, addressOf(setting)));
    const services = servicesOf(setting);
    if (services !== undefined) return services;
    // Temporal chooses internal ports of its own, and ends after it was ready where one of them was taken meanwhile.
    if (attempt === maxStarts)
      throw new Error('A service ended right after it was started. Its log is in the logs folder.');
    setting.progress('a service ended right after it was started; starting it again');
  }
}

function addressOf(setting: Setting): string {
  if (setting.external !== undefined) return setting.external.address;
  return `127.0.0.1:${readRecord(setting.home, 'temporal')?.port ?? 0}`;
}

/** What runs now, if that is all that is needed and of this build; undefined if anything is missing. */
function servicesOf(setting: Setting): Services | undefined {
  const { home, needs, external, config } = setting;
  const address = addressOf(setting);
  const definitions = [
    ...(external === undefined ? [temporalDefinition(setting)] : []),
    ...(needs.embedded ? [embeddedDefinition(setting)] : []),
    ...(needs.worker ? [workerDefinition(setting, address)] : []),
  ];
  if (!definitions.every((definition) => serves(setting, definition))) return undefined;
  return {
    temporalAddress: address,
    namespace: external?.namespace ?? config.namespace,
    uiUrl: external === undefined ? (temporalUi(home, config) ?? null) : null,
    embeddedUrl: embeddedUrl(home) ?? null,
  };
}

function serves({ home, needs, environment, onlyDead }: Setting, definition: Definition): boolean {
  const record = readRecord(home, definition.name);
  if (record === undefined || record.ready !== 1 || !isAlive(record)) return false;
  if (onlyDead === true) return true;
  if (record.identity !== definition.identity) return false;
  return definition.name !== 'worker' || hasSecrets(record.secrets, home, needs.secrets, environment);
}

async function ensure(setting: Setting, definition: Definition): Promise<void> {
  if (serves(setting, definition)) return;
  const { home, progress } = setting;
  const old = readRecord(home, definition.name);
  if (old === undefined && setting.onlyDead === true) throw new ServicesEnded('The services were ended with `down`.');
  if (old !== undefined && isAlive(old)) {
    progress(
      `replacing the ${definition.title} of another build (process ${old.pid}), once it has finished what it is at`,
    );
    await endProcess(old, definition.graceMs);
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await startOne(setting, definition, old);
      return;
    } catch (error) {
      // Between the choice of a port and the moment a process listens on it, anybody may take it: it is chosen again.
      if (!(error instanceof DidNotStart && error.portTaken) || attempt === maxStarts) throw error;
      progress(`a port of the ${definition.title} was taken while it was starting; starting it again`);
    }
  }
}

async function startOne(setting: Setting, definition: Definition, old: ServiceRecord | undefined): Promise<void> {
  const { home } = setting;
  const starting = await definition.start({ port: old?.port ?? 0, uiPort: old?.uiPort ?? 0 });
  const { identity } = starting.launched;
  const { secrets } = setting.needs;
  const record = {
    name: definition.name,
    pid: identity.pid,
    startTime: identity.startTime,
    identity: definition.identity,
    port: starting.port,
    uiPort: starting.uiPort,
    ready: 0,
    secrets: definition.name === 'worker' ? secretsFor(old?.secrets, home, secrets, setting.environment) : '{}',
  };
  // Recorded before it is ready: if this process is killed now, the next command finds the service.
  withRegistry(home, (registry) => registry.put(record));
  try {
    const port = await starting.ready();
    withRegistry(home, (registry) => registry.put({ ...record, port: port ?? record.port, ready: 1 }));
  } catch (error) {
    await endProcess(identity, 2000);
    throw error;
  } finally {
    letGo(starting.launched);
  }
}
