/**
 * The name of a call as a line of a batch: its id, `<sha256 in hex>.<reissue>`, with the hash in base64url, since more
 * than 64 characters are too many for some endpoints.
 */
export function customIdOf(callId: string): string {
  const [, key, reissue] = /^([0-9a-f]{64})\.(\d+)$/.exec(callId) ?? [];
  if (key === undefined || reissue === undefined) throw new TypeError(`no call id of a ledger: ${callId}`);
  return `${Buffer.from(key, 'hex').toString('base64url')}.${reissue}`;
}
