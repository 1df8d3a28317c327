/** A request for services, and everything a service definition may depend on. */
import type { TemporalConfig } from '../temporal-config.ts';
import type { TemporalTarget } from '../temporal-connection.ts';

export interface Needs {
  readonly worker: boolean;
  readonly embedded: boolean;
  /** Names of environment variables that hold keys the worker needs. */
  readonly secrets: readonly string[];
}

export interface EnsureRequest {
  readonly home: string;
  readonly needs: Needs;
  /** Called with one line for people whenever something takes time. */
  readonly progress: (line: string) => void;
  readonly environment?: NodeJS.ProcessEnv;
  /** Leaves a living process alone, whatever its build: for who has started them and only keeps them alive. */
  readonly onlyDead?: boolean;
  /** For tests: other programs, another build. */
  readonly programs?: Programs;
}

export interface Programs {
  readonly worker: string;
  readonly embedded: string;
  readonly buildId: string;
}

export interface Setting extends EnsureRequest {
  readonly environment: NodeJS.ProcessEnv;
  readonly programs: Programs;
  readonly config: TemporalConfig;
  readonly external: TemporalTarget | undefined;
}
