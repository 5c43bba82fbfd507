/** The command line of the control panel, read strictly. Pure. */
import { parseArgs } from 'node:util';
import { messageOf } from '@vivarium/core';

export const DEFAULT_PANEL_PORT = 8421;

export interface Flags {
  /** Undefined: VIVARIUM_HOME, or the nearest directory upwards with a queue.json. */
  readonly home: string | undefined;
  /** Undefined: the port of the panel before, if that one crashed, else the default. */
  readonly port: number | undefined;
}

export const usage = `control-panel [--home DIR] [--port N]

  --home DIR   directory with queue.json (VIVARIUM_HOME, or the nearest one upwards)
  --port N     port on 127.0.0.1 (${DEFAULT_PANEL_PORT}; another free one when it is taken; 0: any)`;

export type FlagsAnswer =
  | { readonly kind: 'flags'; readonly flags: Flags }
  | { readonly kind: 'help' }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

export function readFlags(argv: readonly string[]): FlagsAnswer {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: { home: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean' } },
    }));
  } catch (error) {
    return { kind: 'faulty', problems: [messageOf(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const port =
    values.port === undefined ? undefined : /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (port !== undefined && !(port <= 65_535)) {
    return { kind: 'faulty', problems: [`--port ${values.port}: a whole number from 0 to 65535 is needed`] };
  }
  return { kind: 'flags', flags: { home: values.home, port } };
}

/** Ports to try, in this order. A page that stayed open over a crash looks for its panel where it was. */
export function portsToTry(asked: number | undefined, before: string | undefined): readonly number[] {
  if (asked !== undefined) return asked === 0 ? [0] : [asked, 0];
  const last = before !== undefined && URL.canParse(before) ? Number(new URL(before).port) : 0;
  return [...new Set([last, DEFAULT_PANEL_PORT])].filter((port) => port > 0).concat(0);
}
