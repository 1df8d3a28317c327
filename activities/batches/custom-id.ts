/**
 * The `custom_id` of a call in a batch file: its id, `<sha256 in hex>.<reissue>`, with the hash in base64url, because
 * some endpoints accept at most 64 characters.
 */
export function customIdOf(callId: string): string {
  const [, key, reissue] = /^([0-9a-f]{64})\.(\d+)$/.exec(callId) ?? [];
  if (key === undefined || reissue === undefined) throw new TypeError(`Not a call id of the ledger: ${callId}`);
  return `${Buffer.from(key, 'hex').toString('base64url')}.${reissue}`;
}
