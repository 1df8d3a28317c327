/** One prerequisite of a run and its check. A check changes nothing and starts nothing. */
import type { RunSpec } from '../../contracts/run/run-file.ts';

export interface Setting {
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** `trouble`: a run would fail or be blocked. `note`: worth knowing, no obstacle. */
export interface Looked {
  readonly state: 'fine' | 'note' | 'trouble';
  /** What was seen, half a sentence. */
  readonly says: string;
  /** What to do; only beside a note or trouble. */
  readonly remedy?: string;
}

export interface Prerequisite {
  readonly title: string;
  readonly task: (setting: Setting) => Looked | Promise<Looked>;
}

export interface RunPrerequisite {
  readonly title: string;
  readonly task: (spec: RunSpec, setting: Setting) => Looked | Promise<Looked>;
}

export const fine = (says: string): Looked => ({ state: 'fine', says });
export const note = (says: string, remedy?: string): Looked => ({
  state: 'note',
  says,
  ...(remedy === undefined ? {} : { remedy }),
});
export const trouble = (says: string, remedy: string): Looked => ({ state: 'trouble', says, remedy });
