/**
 * S8: a loopback service answers only its own pages and clients. A web page elsewhere can make a browser send requests here; it
 * cannot choose the Host, Origin and Sec-Fetch-Site headers they carry.
 */
import { forbidden, notJson, type WireError } from './errors.ts';

export interface GuardedRequest {
  readonly method?: string | undefined;
  readonly headers: {
    readonly host?: string | undefined;
    readonly origin?: string | undefined;
    readonly 'sec-fetch-site'?: string | readonly string[] | undefined;
    readonly 'content-type'?: string | undefined;
  };
}

/** Why this request is not answered, or undefined when it is. */
export function guardLoopback(request: GuardedRequest, port: number): WireError | undefined {
  const { headers } = request;
  if (headers.host !== `127.0.0.1:${port}` && headers.host !== `localhost:${port}`)
    return forbidden('this Host is not served here');
  if (
    headers.origin !== undefined &&
    headers.origin !== `http://127.0.0.1:${port}` &&
    headers.origin !== `http://localhost:${port}`
  ) {
    return forbidden('requests of other origins are not answered');
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return forbidden('requests of other sites are not answered');
  if (request.method === 'POST' && !isJson(headers['content-type'])) return notJson();
  return undefined;
}

const isJson = (contentType: string | undefined): boolean =>
  contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
