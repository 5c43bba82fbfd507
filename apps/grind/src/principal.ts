/** Who asks: the admin on this machine, or the holder of a token (role `lan`). Never read from a field of the request. */
import type { NanoUsd } from '@vivarium/core';

export interface Principal {
  /** As the record names it. */
  readonly user: string;
  readonly role: 'admin' | 'lan';
  /** Most that all its calls may cost, whenever; undefined: the caps of runs and days are all there are. */
  readonly budget: NanoUsd | undefined;
  /** Requests a minute; undefined: as many as it likes. */
  readonly requestsPerMinute: number | undefined;
}

/** Every program of this machine that brings no token. */
export const ADMIN: Principal = {
  user: 'admin',
  role: 'admin',
  budget: undefined,
  requestsPerMinute: undefined,
};
