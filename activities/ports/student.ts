import type { Message } from '../../contracts/records.ts';
import type { Capabilities } from '../../contracts/stage.ts';

/** What a student wrote for one prompt. `meanNll` is over its own tokens without end-of-sequence; null where unknown. */
export interface Generation {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  /** Token ids where the endpoint gives them, else empty. */
  readonly ids: readonly number[];
  readonly meanNll: number | null;
}

/** The model to call, the capabilities of its endpoint, and a deadline. */
export interface StudentRequest {
  readonly model: string;
  readonly can: Capabilities;
  readonly signal: AbortSignal;
}

/** How a job trains beyond OpenAI's protocol; what is absent is left to the endpoint. */
export interface TrainingOptions {
  /** Every token is learned, not those of the answer alone. */
  readonly loss?: 'full';
  /** The model's chat template separates the messages. */
  readonly template?: 'chat';
}

export interface FineTuneRequest {
  readonly key: string;
  /** How many jobs under this key ended badly: a new try is another job, and is paid by itself. */
  readonly ended: number;
  readonly baseModel: string;
  readonly trainingPath: string;
  readonly seed: number;
  readonly suffix: string;
  readonly options: TrainingOptions;
  /** Ends a creation that takes as long as the training itself. */
  readonly signal: AbortSignal;
}

export type FineTuneState =
  | { readonly status: 'running' }
  | {
      readonly status: 'succeeded';
      readonly model: string;
      readonly losses: readonly { step: number; loss: number }[];
      /** Null where the endpoint does not say. */
      readonly trainedTokens: number | null;
    }
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'unknown' };

/** The student endpoint of one run. Throws `BaldistillError` (EndpointDown, EndpointRefusesKey, ModelUnknown, RequestRejected). */
export interface Student {
  readonly baseModel: string;
  /** Tries each capability once with tiny requests to this model. */
  probe(model: string): Promise<Capabilities>;
  /** Greedy generation for many prompts, in order; a prompt that failed by itself gives null and never disappears. */
  generate(
    asked: StudentRequest,
    prompts: readonly (string | readonly Message[])[],
    maxTokens: number,
  ): Promise<readonly (Generation | null)[]>;
  /** Mean negative log-likelihood of each generation after the start alone; null where scoring failed. */
  scoreAlone(asked: StudentRequest, generations: readonly Generation[]): Promise<readonly (number | null)[]>;
  /** Mean negative log-likelihood of each generation after its prompt, from the scoring pass. */
  scoreAfter(
    asked: StudentRequest,
    prompts: readonly string[],
    generations: readonly Generation[],
  ): Promise<readonly (number | null)[]>;
  /** Hyperparameters beyond OpenAI's that the endpoint says it takes for this model; none where it says nothing. */
  supportedHyperparameters(model: string): Promise<readonly string[]>;
  /** What the endpoint knows of a key: the job created under it, if any, and how many more failed or were cancelled. */
  findJob(key: string): Promise<{ readonly id: string | undefined; readonly ended: number }>;
  createJob(request: FineTuneRequest): Promise<string>;
  job(id: string): Promise<FineTuneState>;
}
