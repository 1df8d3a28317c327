/** Our Temporal development server: how it is started, when it is ready, and what is set on it then. */
import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { searchAttributes } from '../../../contracts/search-attributes.ts';
import type { TemporalConfig } from '../../temporal-config.ts';
import { ended, tooLate } from '../launch.ts';
import type { Launch, Launched } from '../launch.ts';
import { registeredAttributes } from './search-attributes.ts';
import { uiAddress } from './ui-address.ts';

export interface TemporalPorts {
  readonly port: number;
  readonly uiPort: number;
}

/**
 * No host name: the server's HTTP API answers no request. Nothing here uses it, it cannot be switched off, and a web page
 * could otherwise start workflows through it.
 */
const noHost = 'frontend.httpAllowedHosts=["closed.invalid"]';

/** Command line of the server. Without the poll rates every activity takes 90 ms longer. */
export function serverArguments(
  home: string,
  config: TemporalConfig,
  { port, uiPort }: TemporalPorts,
): readonly string[] {
  const attributes = config.searchAttributes ? Object.entries(searchAttributes) : [];
  const address = uiAddress(home, config);
  const ui = address === null ? ['--headless'] : ['--ui-ip', address, '--ui-port', String(uiPort)];
  const listen = ['--ip', '127.0.0.1', '--port', String(port), ...ui];
  const state = ['--namespace', config.namespace, '--db-filename', join(home, 'temporal.sqlite')];
  const dynamic = [
    'history.transferProcessorMaxPollRPS=2000',
    'history.timerProcessorMaxPollRPS=2000',
    'system.enableActivityEagerExecution=true',
    noHost,
  ];
  return [
    'server',
    'start-dev',
    ...listen,
    ...state,
    '--log-level',
    'warn',
    ...dynamic.flatMap((value) => ['--dynamic-config-value', value]),
    ...['journal_mode=WAL', 'synchronous=NORMAL'].flatMap((value) => ['--sqlite-pragma', value]),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/** Resolves when a client connects, the namespace is described and knows the attributes; then raises its retention. */
export async function untilServing(
  request: Launch,
  { child, logStart }: Launched,
  address: string,
  config: TemporalConfig,
  withinMs: number,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await serves(address, config))) {
    if (child.exitCode !== null || child.signalCode !== null) throw ended(request, logStart);
    if (Date.now() > end) throw tooLate(request, logStart, `does not serve ${address} after ${withinMs / 1000} s`);
    await wait(50);
  }
}

async function serves(address: string, config: TemporalConfig): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 1000 });
    const { workflowService } = connection;
    await workflowService.describeNamespace({ namespace: config.namespace });
    const known = await registeredAttributes(connection, config.namespace);
    if (config.searchAttributes && !Object.keys(searchAttributes).every((name) => known.has(name))) return false;
    const retentionMs = config.devServer.retentionHours * 3_600_000;
    await workflowService.updateNamespace({
      namespace: config.namespace,
      config: { workflowExecutionRetentionTtl: msToTs(retentionMs) },
    });
    return true;
  } catch {
    // Whatever it says while it starts, it is not serving yet; the caller ends the waiting.
    return false;
  } finally {
    await connection?.close();
  }
}
