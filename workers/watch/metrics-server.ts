/** Prometheus metrics of a worker over HTTP, for this machine only. */
import { createServer } from 'node:http';
import { Registry } from 'prom-client';
import { foreignRequest } from '../../domain/loopback-request.ts';
import { metricsOf } from './metrics.ts';
import type { Measured } from './metrics.ts';

export interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Null where the port is taken, by another worker for example: the calls are what matters. */
export async function serveMetrics(port: number, measured: Measured): Promise<MetricsServer | null> {
  const registry = new Registry();
  metricsOf(registry, measured);
  const server = createServer((request, response) => {
    const refusal = foreignRequest(request.headers);
    if (refusal !== null) {
      response.writeHead(403).end(refusal);
      return;
    }
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  // An open scrape does not keep the worker from ending.
  server.unref();
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port }, () => resolve(true));
  });
  const address = server.address();
  if (!listening || address === null || typeof address === 'string') return null;
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
