/**
 * Why a task waits, in words. Records carry short codes for programs; people read these. What is no code (a sentence of the provider, a
 * rule that spoke) is told as it stands. Pure.
 */
import type { TaskRecord } from '@vivarium/contracts';
import { printable } from '../terminal.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  task_budget: 'its own max_budget leaves too little for another call',
  run_budget: 'the cap of the run leaves too little for it',
  day_budget: 'the cap of the day leaves too little for it',
  budget: 'a cap leaves too little for it',
  rate_limit: 'the provider asked to slow down',
  circuit_open: 'the circuit breaker of its model is open (orchestrator breaker)',
  grind_unreachable: 'no grind answered',
  stopping: 'grind was shutting down',
  told: 'the run was stopped',
  parent_gone: 'the orchestrator was gone',
  halted: 'HALT came',
  paused: 'PAUSE came',
  draining: 'DRAIN came',
  held: 'a hold came',
  record_unwritable: 'the record could not be written',
  provider_key: 'the provider refused the key',
  foreign_home: 'the grind that answered serves another home',
  unknown_run: 'grind does not know this run',
};

export const reasonText = (reason: string): string =>
  Object.hasOwn(SENTENCES, reason) ? (SENTENCES[reason] ?? reason) : printable(reason);

/** The record as a line about it should tell it. */
export const inWords = (record: TaskRecord): TaskRecord =>
  record.reason === undefined ? record : { ...record, reason: reasonText(record.reason) };
