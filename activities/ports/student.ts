import type { Message } from '../../contracts/records.ts';
import type { Capabilities } from '../../contracts/stage.ts';

/** A student's output for one prompt. `meanNll` is over the generated tokens without end-of-sequence; null if unknown. */
export interface Generation {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  /** Token ids if the endpoint returns them, else empty. */
  readonly ids: readonly number[];
  readonly meanNll: number | null;
}

/** The model, the capabilities of its endpoint, and the signal that cancels the request. */
export interface StudentRequest {
  readonly model: string;
  readonly can: Capabilities;
  readonly signal: AbortSignal;
}

/** Training options that the OpenAI protocol cannot express; an absent one is left to the endpoint. */
export interface TrainingOptions {
  /** Train on every token, not only on the completion. */
  readonly loss?: 'full';
  /** The model's chat template separates the messages. */
  readonly template?: 'chat';
}

export interface FineTuneRequest {
  readonly key: string;
  /** Jobs of this key that failed or were cancelled: each retry is a job of its own, with its own charge. */
  readonly ended: number;
  readonly baseModel: string;
  readonly trainingPath: string;
  readonly seed: number;
  readonly suffix: string;
  readonly options: TrainingOptions;
  /** Cancels the creation, which for a training command takes as long as the training. */
  readonly signal: AbortSignal;
}

export type FineTuneState =
  | { readonly status: 'running' }
  | {
      readonly status: 'succeeded';
      readonly model: string;
      readonly losses: readonly { step: number; loss: number }[];
      /** Null if the endpoint does not report it. */
      readonly trainedTokens: number | null;
    }
  | { readonly status: 'failed'; readonly message: string }
  | { readonly status: 'unknown' };

/** The student endpoint of one run. Throws `BaldistillError`: EndpointDown, EndpointRefusesKey, ModelUnknown, RequestRejected. */
export interface Student {
  readonly baseModel: string;
  /** Tests each capability of this model once with tiny requests. */
  probe(model: string): Promise<Capabilities>;
  /** Greedy generation for many prompts, in order; null for a prompt that failed. */
  generate(
    request: StudentRequest,
    prompts: readonly (string | readonly Message[])[],
    maxTokens: number,
  ): Promise<readonly (Generation | null)[]>;
  /** Mean negative log-likelihood of each generation without its prompt; null if scoring failed. */
  scoreAlone(request: StudentRequest, generations: readonly Generation[]): Promise<readonly (number | null)[]>;
  /** Mean negative log-likelihood of each generation after its prompt, from the scoring pass; null if it failed. */
  scoreAfter(
    request: StudentRequest,
    prompts: readonly string[],
    generations: readonly Generation[],
  ): Promise<readonly (number | null)[]>;
  /** Hyperparameters beyond OpenAI's that the endpoint lists for this model; empty if it lists none. */
  supportedHyperparameters(model: string): Promise<readonly string[]>;
  /** The endpoint's job with this key, if any, and how many other jobs with the key failed or were cancelled. */
  findJob(key: string): Promise<{ readonly id: string | undefined; readonly ended: number }>;
  createJob(request: FineTuneRequest): Promise<string>;
  job(id: string): Promise<FineTuneState>;
}
