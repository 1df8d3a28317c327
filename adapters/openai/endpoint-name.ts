/** Ids and model names that an endpoint chose: they travel through the engine, and are shown in logs and reports. */
import { longestEndpointName } from '../../contracts/payload-limits.ts';
import { BaldistillError } from '../../domain/failures.ts';
import type { FailureType } from '../../domain/failures.ts';

/** The name as it is. Throws `failure` for one that is too long or not on one line; `what` it names: `a job`. */
export function endpointName(name: string, what: string, failure: FailureType): string {
  if (name.length <= longestEndpointName && !/[\p{Cc}\u2028\u2029]/u.test(name)) return name;
  const shown = JSON.stringify(name.slice(0, 60));
  throw new BaldistillError(
    failure,
    `The endpoint names ${what} ${shown}...; expected one line of at most ${longestEndpointName} characters.`,
  );
}
