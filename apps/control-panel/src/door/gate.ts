/**
 * Who may speak to this panel at all (S8). Pure: headers in, an answer out; sessions are asked for afterwards.
 *
 * - D1: only names of this machine's loopback address, with this panel's own port, are accepted as Host: a foreign name that was made to
 *   point here (DNS rebinding) is refused. Names are compared whole: `127.0.0.1.example` is no address.
 * - D2: a request that says it comes from another origin is refused, by Origin or by Sec-Fetch-Site; `same-site` is another origin, because
 *   every server on this machine is of the same site.
 * - D3: a change needs proof that our own page asked for it: Sec-Fetch-Site: same-origin and a header no form can send.
 * - D4: a socket needs an Origin: browsers always send it, and a cookie alone does not say which page is speaking.
 * Forwarded-for headers are never looked at.
 */
export interface Asked {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  /** Value of `x-vivarium-panel`. */
  readonly ownHeader: string | undefined;
  readonly isSocket: boolean;
}

export type GateAnswer =
  | { readonly kind: 'allowed' }
  | {
      readonly kind: 'refused';
      readonly code: 'foreign_host' | 'foreign_origin' | 'not_our_page';
      readonly message: string;
    };

export const OWN_HEADER = 'x-vivarium-panel';

export function judgeRequest(asked: Asked, port: number): GateAnswer {
  const { host, origin, fetchSite } = asked;
  if (host === undefined || !hostsOf(port).includes(host.toLowerCase())) {
    return refuse(
      'foreign_host',
      'This panel answers only under its own loopback address. Open the link it printed.',
    );
  }
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) {
    return refuse('foreign_origin', 'This panel answers only its own pages.');
  }
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') {
    return refuse(
      'foreign_origin',
      'This panel does not answer requests that another page caused. Type or paste the address instead.',
    );
  }
  if (asked.isSocket) {
    return origin === undefined ? refuse('not_our_page', 'A socket needs an Origin.') : { kind: 'allowed' };
  }
  if (
    asked.method !== 'GET' &&
    asked.method !== 'HEAD' &&
    (fetchSite !== 'same-origin' || asked.ownHeader === undefined)
  ) {
    return refuse('not_our_page', 'A change can only be asked for by the page of this panel.');
  }
  return { kind: 'allowed' };
}

/** Every way to write this panel's own address. Port 80 is left out of a Host header by browsers. */
export const hostsOf = (port: number): readonly string[] =>
  ['127.0.0.1', 'localhost', '[::1]'].flatMap((name) =>
    port === 80 ? [name, `${name}:80`] : [`${name}:${port}`],
  );

const refuse = (code: Exclude<GateAnswer, { kind: 'allowed' }>['code'], message: string): GateAnswer => ({
  kind: 'refused',
  code,
  message,
});
