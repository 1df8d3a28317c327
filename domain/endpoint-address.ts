/**
 * Addresses of endpoints. They are stored in the ledger, in workflow histories and in reports, and shown, so none may
 * hold a secret.
 */

/** Words of parameters that hold credentials: `key`, `api_key`, `subscriptionKey`, `accesstoken`, `sig`. */
const secretWord = /^(\w*keys?|\w*tokens?|\w*secrets?|pass\w*|pwd|auth\w*|credentials?|sig|signature|sas|jwt|code)$/i;

/** Versions, regions and names are shorter, keys are longer. */
const longestValue = 20;

/** What of an address may be a credential, as the subject of a sentence; undefined where nothing is. */
export function credentialIn(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null) return undefined;
  if (url.username !== '' || url.password !== '') return 'a user name or password';
  if (url.hash !== '') return 'the part after #';
  for (const [name, value] of url.searchParams) {
    if (name.length > longestValue && value === '') return 'its query';
    const words = name.replaceAll(/([a-z])([A-Z])/g, '$1-$2').split(/[^a-z0-9]+/i);
    if (value.length > longestValue || words.some((word) => secretWord.test(word)))
      return `the query parameter "${name}"`;
  }
  return undefined;
}

/** The URL of a path (`/chat/completions`, with or without a query) below a base address, which may have a query. */
export function endpointUrl(base: string, path: string): string {
  const url = new URL(base);
  const below = new URL(path, url.origin);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${below.pathname}`;
  for (const [name, value] of below.searchParams) url.searchParams.append(name, value);
  return url.href;
}
