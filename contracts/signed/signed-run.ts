/**
 * A run as it is named in Temporal: an outline, a reference to its spec, and the owner's signature over both. Whoever
 * can reach the Temporal server can start workflows; only who holds the owner's key can make one that a worker obeys.
 */
import { z } from 'zod';
import { methodNames } from '../../domain/methods.ts';
import { ArtifactRef } from '../artifact.ts';
import { FlowTerms } from '../flow/flow.ts';
import { termsOf } from '../flow/flow-terms.ts';
import { RunName, Switches } from '../run/run-file.ts';
import type { RunSpec } from '../run/run-file.ts';
import { datasetOf } from '../run/run-description.ts';
import { Signature } from './signature.ts';
import { simulatedParts } from '../run/simulated.ts';
import { Sending } from '../run/teacher-sending.ts';

/** What a workflow has to know of a run: names, counts and switches, no text of the owner's. */
export const RunOutline = z.strictObject({
  name: RunName,
  method: z.enum(methodNames),
  stages: z.int().min(0).max(100),
  switches: Switches,
  dataset: z.string(),
  simulated: z.array(z.string()),
  /** Null where the method asks no teacher. `timeout` in seconds. */
  teacher: z.strictObject({ timeout: z.number(), terms: FlowTerms, ...Sending }).nullable(),
});
export type RunOutline = z.infer<typeof RunOutline>;

export const SignedRun = z.strictObject({
  outline: RunOutline,
  /** The `RunSpec`, JSON. */
  spec: ArtifactRef,
  signature: Signature,
});
export type SignedRun = z.infer<typeof SignedRun>;

/** An activity's input as it travels: with the signed reference in place of the spec. */
export type Signed<Input> = Input extends { spec: RunSpec }
  ? Omit<Input, 'spec'> & { run: SignedRun }
  : Input extends { input: infer Inner }
    ? Omit<Input, 'input'> & { input: Signed<Inner> }
    : never;

/** Everything the owner's key signs. The kind is part of what is signed, so no signature serves for another purpose. */
export type Statement =
  | { readonly kind: 'run'; readonly outline: RunOutline; readonly spec: ArtifactRef }
  | {
      readonly kind: 'comparison';
      readonly name: string;
      readonly plan: ArtifactRef;
      readonly cells: number;
      readonly limit: number;
      readonly window: number;
    }
  | {
      readonly kind: 'command';
      readonly run: string;
      readonly action: 'budget' | 'flow' | 'resume';
      readonly content: object;
      readonly issuedAt: number;
    }
  | { readonly kind: 'terms'; readonly run: string; readonly terms: FlowTerms; readonly issuedAt: number }
  | { readonly kind: 'student'; readonly run: string; readonly url: string };

export function outlineOf(spec: RunSpec): RunOutline {
  const { name, method, stages, switches, teacher } = spec;
  return {
    name,
    method,
    stages,
    switches,
    // As long as a search attribute may be; a path can be longer.
    dataset: datasetOf(spec).slice(0, 200),
    simulated: simulatedParts(spec),
    teacher:
      teacher === undefined
        ? null
        : { timeout: teacher.timeout, terms: termsOf(spec), mode: teacher.mode, batch: teacher.batch },
  };
}
