/** Where the background services of a home are now. Ports may change when a service is restarted: ask, don't keep. */
import { isAlive } from '../../adapters/processes/process-identity.ts';
import { loadTemporalConfig } from '../temporal-config.ts';
import type { TemporalConfig } from '../temporal-config.ts';
import { readRecord } from './registry.ts';
import { uiAddress } from './temporal/ui-address.ts';

/** Base URL of the embedded endpoint (with `/v1`), or undefined while it is not running. Below 1 ms. */
export function embeddedUrl(home: string): string | undefined {
  const record = readRecord(home, 'embedded');
  return record !== undefined && record.ready === 1 && isAlive(record) ? embeddedUrlAt(record.port) : undefined;
}

export function embeddedUrlAt(port: number): string {
  return `http://127.0.0.1:${port}/v1`;
}

/** Address of our own Temporal server, or undefined where it was never started. */
export function temporalAddressOf(home: string): string | undefined {
  const record = readRecord(home, 'temporal');
  return record === undefined ? undefined : `127.0.0.1:${record.port}`;
}

/** Address of the web UI of our own Temporal server; undefined while that is not running, or has none. */
export function temporalUi(home: string, config: TemporalConfig = loadTemporalConfig()): string | undefined {
  const record = readRecord(home, 'temporal');
  if (record === undefined || !isAlive(record)) return undefined;
  const address = uiAddress(home, config);
  return address === null ? undefined : `http://${address}:${record.uiPort}`;
}
