/**
 * What keeps every payload between workflows and activities under half a megabyte. Temporal takes 2 MB a payload and 4 MB
 * a gRPC message, and one message may carry the inputs of as many activities as a stage has slices under way.
 * tests/payloads builds the largest payloads that these limits allow.
 */

/** Bytes of a run's settings as JSON: they are in the input of every activity, and 64 of these may start together. */
export const longestSpec = 49_152;

/** Characters of a failure's message. It may list 50 problems of the data, or quote an endpoint. */
export const longestMessage = 16_000;

/** Characters of an id or a model name that an endpoint chose. */
export const longestEndpointName = 200;

/** Domains that a plan lists for people, and those that a slice reports. */
export const mostListed = 200;
export const mostReported = 400;

/** Lines of domains that a stage remembers of slices that came back with calls unsent. */
export const mostRemembered = 300;

/** Most chunks that a plan names itself; more are in an artifact. */
export const mostNamedChunks = 4;

/** Different reasons of calls without an answer: endpoints choose their codes themselves. */
export const mostReasons = 32;

/** Batches of a round that are open at the same time, and those that are carried to the endpoint together. */
export const mostOpenBatches = 500;
export const mostCarried = 50;

const longestListedName = 48;

/** The name of a domain as lists for people have it. */
export function listedName(domain: string): string {
  return domain.length <= longestListedName ? domain : `${domain.slice(0, longestListedName - 1)}…`.toWellFormed();
}
