/** What the cases work with: the wire, the model under examination, and what earlier cases found out. */
import type { Wire } from './wire.ts';

/** What may be done to the endpoint beyond asking it questions. */
export interface Means {
  /** Null: nothing may be trained, for this reason. */
  readonly training: { readonly base: string; readonly retryForMs: number } | { readonly forbidden: string };
  /** Kills the server with SIGKILL and starts it again on the same state; only a test can. */
  readonly restart?: (() => Promise<void>) | undefined;
  /** Whether requests of many megabytes may be sent: on this machine they cost nothing. */
  readonly bulky: boolean;
}

export class Site {
  readonly wire: Wire;
  readonly model: string;
  readonly means: Means;
  /** The model to call: the one trained by the checks where there is one, else the named one. */
  subject: string;
  /** Tokens the subject takes, where it says so. */
  contextLength: number | undefined;
  /** A training file of the endpoint, and the job that was trained on it. */
  trainingFile: string | undefined;
  trainedJob: string | undefined;
  /** What the checks created at the endpoint; `open`: jobs not known to have ended. */
  readonly left = {
    files: new Set<string>(),
    jobs: new Set<string>(),
    open: new Set<string>(),
    models: new Set<string>(),
  };
  /** Ids of the cases that hold so far. */
  readonly held = new Set<string>();
  /** Makes keys of this examination differ from those of any other. */
  readonly nonce: string;

  constructor(wire: Wire, model: string, means: Means, nonce: string) {
    this.wire = wire;
    this.model = model;
    this.subject = model;
    this.means = means;
    this.nonce = nonce;
  }
}
