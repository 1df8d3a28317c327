/** A Temporal server of the driver, on a port that it keeps over kills, and a client of it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { findTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';
import { serverArguments, untilServing } from '../../workers/services/temporal/temporal-server.ts';
import { freePort } from '../../workers/services/free-port.ts';
import type { Launch } from '../../workers/services/launch.ts';
import { startPart } from './processes.ts';
import type { Part } from './processes.ts';
import { configOf } from './where.ts';

export interface Engine {
  readonly address: string;
  readonly client: Client;
  pid(): number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Again, on the same port and with the same state. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startEngine(folder: string): Promise<Engine> {
  mkdirSync(folder, { recursive: true });
  const config = configOf('chaos', 30);
  const [port, uiPort] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const request: Launch = {
    command: await findTemporalCli(() => undefined),
    args: serverArguments(folder, config, { port, uiPort }),
    environment: process.env,
    logFile: join(folder, 'temporal.log'),
    speaks: false,
  };
  const start = async (): Promise<Part> =>
    await startPart(request, async (launched) => {
      await untilServing(request, launched, address, config, 60_000);
      return port;
    });
  let server = await start();
  const connection = await Connection.connect({ address });
  return {
    address,
    client: new Client({ connection }),
    pid: () => server.pid,
    kill: async () => await server.kill(),
    restart: async () => {
      server = await start();
    },
    // The connection is left open: a call of the client that waits for its next try throws in a timer when its channel
    // is closed (client 1.24, grpc-retry.js), and it cannot be caught. Without its server it holds nothing.
    close: async () => void (await server.end(5000)),
  };
}
