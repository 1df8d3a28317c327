/** A request that ended before a connection was ready to carry it: no byte of it was sent. */
export class NeverSent extends Error {
  override readonly name = 'NeverSent';
  /** Of the error that ended it, where that has one: `UND_ERR_CONNECT_TIMEOUT`, `CERT_HAS_EXPIRED`. */
  readonly code: string | undefined;

  constructor(cause: Error) {
    super('The request was never sent.', { cause });
    this.code = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  }
}
