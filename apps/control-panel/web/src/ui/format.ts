/** How figures and times are written on the page. Pure: the time of now is handed in. UTC in the store, local on the screen, exact on hover. */
import { formatUsd, nanoUsd } from '@vivarium/core';

export const money = (nano: number): string => formatUsd(nanoUsd(nano));

const counts = new Intl.NumberFormat('en-US');
export const count = (value: number): string => counts.format(value);
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `12 400` tokens as `12.4k`: columns stay narrow, the exact number is on hover. */
export const short = (value: number): string =>
  value < 10_000
    ? count(value)
    : value < 1_000_000
      ? `${(value / 1_000).toFixed(1)}k`
      : `${(value / 1_000_000).toFixed(1)}M`;

const two = (value: number): string => String(value).padStart(2, '0');

/** Local time of day to the millisecond. */
export function clockTime(timestamp: string): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) return timestamp;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** Ids of workers without the word that all of them begin with; the whole is on hover. */
export const workerName = (id: string): string => id.replace(/^worker_/, '');

/** For hovering: local date and time, and the instant as it is stored. */
export function exactTime(timestamp: string): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? timestamp : `${date.toLocaleString()} · ${timestamp}`;
}

/** `8 s`, `4 min`, `3 h`, `2 d`: how long something has lasted. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Names of models without their vendor: `openai/gpt-oss-20b` → `gpt-oss-20b`. */
export const modelName = (model: string): string => model.slice(model.lastIndexOf('/') + 1);
