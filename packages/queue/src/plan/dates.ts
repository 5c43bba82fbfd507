/** Dates as the record writes them. Pure: what is read and written here was handed in, the present is not asked for. */
/* oxlint-disable no-restricted-globals -- see above; the rule is against asking Date what time it is */

/** NaN for what is not a date. A form of the seed without a zone is local time. */
export const millisOf = (timestamp: string): number => Date.parse(timestamp);

const LAST_DATE_MS = 8.64e15;

/** UTC with Z and milliseconds; what lies beyond the last date is the last date. */
export const timestampOf = (millis: number): string => new Date(Math.min(millis, LAST_DATE_MS)).toISOString();
