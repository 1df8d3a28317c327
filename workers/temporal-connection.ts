/** How every process of the project reaches Temporal: the environment's server where it names one, else our own. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { BaldistillError } from '../domain/failures.ts';
import { temporalAddressOf } from './services/endpoints.ts';
import { loadTemporalConfig } from './temporal-config.ts';

export interface TemporalTarget {
  /** For both `Connection.connect` and `NativeConnection.connect`. */
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
  readonly address: string;
  readonly namespace: string;
  /** True where the server is not ours to start and stop. */
  readonly external: boolean;
}

/**
 * A default profile that happens to lie in the home directory is not enough to send a demo to a company's
 * cluster: one of these has to be set on purpose.
 */
const chosenBy = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'];

/** The server that the environment names; undefined where it names none. Throws `InvalidInput` for a broken profile. */
export function externalTarget(environment: NodeJS.ProcessEnv = process.env): TemporalTarget | undefined {
  if (!chosenBy.some((name) => environment[name])) return undefined;
  const { connectionOptions, namespace } = loadProfile(environment);
  const address = connectionOptions.address ?? 'localhost:7233';
  const chosen = namespace ?? loadTemporalConfig().namespace;
  return { connectionOptions: { ...connectionOptions, address }, address, namespace: chosen, external: true };
}

/** The server to use now. Throws `EndpointDown` where none is named and ours was never started. */
export function temporalTarget(home: string, environment: NodeJS.ProcessEnv = process.env): TemporalTarget {
  const external = externalTarget(environment);
  if (external !== undefined) return external;
  const address = temporalAddressOf(home);
  if (address === undefined) {
    throw new BaldistillError('EndpointDown', 'The Temporal server is not running. Start it with `baldistill dev`.');
  }
  return { connectionOptions: { address }, address, namespace: loadTemporalConfig().namespace, external: false };
}

function loadProfile(environment: NodeJS.ProcessEnv): ClientConnectConfig {
  const set = Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  try {
    return loadClientConnectConfig({ configFileStrict: true, overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // envconfig 1.24 dies of this where TEMPORAL_PROFILE is set and the file has no [profile.*] at all.
    const reason = said.startsWith('Cannot read properties') ? 'its file has no profile at all' : said;
    const profile = environment['TEMPORAL_PROFILE'] ?? 'default';
    const message = `The Temporal profile "${profile}" cannot be used: ${reason}. Look at TEMPORAL_PROFILE and TEMPORAL_CONFIG_FILE.`;
    throw new BaldistillError('InvalidInput', message, { cause: error });
  }
}
