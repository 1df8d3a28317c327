/** The engine: the server that is named, or the one of this home, or a way to bring one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { presentTemporalCli } from '../../workers/services/temporal/temporal-cli.ts';
import { temporalUi } from '../../workers/services/endpoints.ts';
import { externalTarget, temporalTarget } from '../../workers/temporal-connection.ts';
import type { TemporalTarget } from '../../workers/temporal-connection.ts';
import { fine, note, trouble } from './prerequisite.ts';
import type { Looked, Prerequisite } from './prerequisite.ts';

export const temporalPrerequisite: Prerequisite = {
  title: 'Temporal',
  async task({ home, environment }) {
    const named = externalTarget(environment);
    if (named !== undefined) return await lookAtServer(named, 'Look at TEMPORAL_ADDRESS and its like, or unset it.');
    const ui = temporalUi(home);
    if (ui !== undefined)
      return await lookAtServer(
        temporalTarget(home, environment),
        'End it with `baldistill down`; the next command starts it again.',
        ui,
      );
    const binary = presentTemporalCli(environment);
    if (binary !== undefined) return fine(`${binary}; its server is started by the first run`);
    return await waysToBring(environment);
  },
};

async function lookAtServer(target: TemporalTarget, remedy: string, ui?: string): Promise<Looked> {
  const { address, namespace, connectionOptions } = target;
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5s' });
    try {
      await connection.workflowService.describeNamespace({ namespace });
    } finally {
      await connection.close();
    }
    return fine(`answers at ${address}, namespace ${namespace}${ui === undefined ? '' : `; its UI is ${ui}`}`);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return trouble(`${address}, namespace ${namespace}: ${says}`, remedy);
  }
}

async function waysToBring(environment: NodeJS.ProcessEnv): Promise<Looked> {
  const later = 'not on this machine yet; the first run downloads it';
  try {
    const { stdout } = await promisify(execFile)('go', ['version'], { env: environment, timeout: 10_000 });
    return note(`${later}, or builds it with ${stdout.trim().replace(/^go version /, '')}`);
  } catch {
    // No Go: the download is the only way, and whether it works is seen when it is tried.
    return note(
      later,
      'Where that host cannot be reached, install the Temporal CLI or Go first, or set TEMPORAL_ADDRESS.',
    );
  }
}
