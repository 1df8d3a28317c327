/**
 * Requests to a server of this machine that a web page may have sent. A page can point its own host name at 127.0.0.1
 * (DNS rebinding) or send simple requests across origins; the browser then names the page in `Host` or `Origin`.
 */

/** Names of this machine's loopback interface (RFC 6761, section 6.3; RFC 1122, section 3.2.1.3). */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/** Why a request with these headers is refused; null where it comes from a program or page of this machine. */
export function foreignRequest(headers: {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}): string | null {
  const { host, origin } = headers;
  if (host === undefined || !loopback.test(host))
    return 'This server answers requests for this machine only: name it as localhost or 127.0.0.1.';
  if (origin === undefined) return null;
  const [, name = ''] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
  return loopback.test(name) ? null : 'This server does not answer web pages of other hosts.';
}
