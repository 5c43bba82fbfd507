/** A time as people write it → the form the record writes. Pure: the present is handed in. */

const DELAY = /^\+(\d{1,6}(?:\.\d{1,3})?)(s|m|h|d)$/;
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/;
const LAST_MS = Date.UTC(9_999, 11, 31);

/**
 * UTC with Z and milliseconds, or undefined for what is no time: an ISO date with or without a time of day, UTC unless it names its zone, or
 * `+5m`, `+2h`, `+1d` from `now` (none where there is no now).
 */
export function momentOf(text: string, now: Date | undefined): string | undefined {
  const delay = DELAY.exec(text.trim());
  if (delay !== null) {
    const unit = delay[2];
    if (now === undefined || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) return undefined;
    return isoOf(now.getTime() + Number(delay[1]) * UNIT_MS[unit]);
  }
  const parts = DATE.exec(text.trim());
  if (parts === null) return undefined;
  const [, day = '', minutes = '00:00', seconds = ':00', zone = 'Z'] = parts;
  const date = Date.parse(`${day}T00:00:00Z`);
  // The 30th of February would become the 2nd of March.
  if (Number.isNaN(date) || new Date(date).toISOString().slice(0, 10) !== day) return undefined;
  return isoOf(Date.parse(`${day}T${minutes}${seconds}${zone}`));
}

const isoOf = (millis: number): string | undefined =>
  Number.isFinite(millis) && millis >= 0 && millis <= LAST_MS ? new Date(millis).toISOString() : undefined;
