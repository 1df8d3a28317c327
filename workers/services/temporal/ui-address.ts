/**
 * Where the Temporal UI listens. The UI of the development server answers any host name, so a web page that rebinds its
 * own name to this machine (DNS rebinding) could command the runs through it. On Linux the whole network 127.0.0.0/8 is
 * this machine: the UI gets an address of it that no page can guess, 22 random bits beside the port's. Other systems have
 * 127.0.0.1 alone, where the UI is left out unless temporal.yaml gives it a port.
 */
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { TemporalConfig } from '../../temporal-config.ts';

const Address = z.ipv4().startsWith('127.');

/** Null: without a UI. Stays the same for a home, so that links stay good. */
export function uiAddress(home: string, { devServer }: TemporalConfig, platform = process.platform): string | null {
  if (devServer.uiPort !== 0) return '127.0.0.1';
  if (platform !== 'linux') return null;
  const path = join(home, 'ui-address');
  if (!existsSync(path)) {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(path, `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`, { mode: 0o600 });
  }
  return Address.parse(readFileSync(path, 'utf8').trim());
}
