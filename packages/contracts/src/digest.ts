/** Hashes. The only file of this package that needs Node: the page never imports it. */
import { hash } from 'node:crypto';
import { homeId, type HomeId } from '@vivarium/core';
import type { Task } from './task.ts';

export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/**
 * 32 hex digits over what the task asks of the model. Budgets, dependencies and where it came from are not in it: changing
 * them changes when and for how much the work is done, not the work (docs/decisions/2026-11-23-task-digest.md).
 */
export function taskDigest(task: Task): string {
  return sha256(
    JSON.stringify([
      task.type,
      task.prompt,
      task.model,
      task.intensity,
      task.max_tokens ?? null,
      task.temperature ?? null,
    ]),
  ).slice(0, 32);
}

/** First 16 hex digits of the SHA-256 of the prompt: the form of the seed's api_audit.log. */
export const promptHash = (prompt: string): string => sha256(prompt).slice(0, 16);

/** A home is its directory: two directories are never one home, and a copy elsewhere is another home. Takes the real path. */
export const homeIdOf = (realPath: string): HomeId => homeId(`home_${sha256(realPath).slice(0, 16)}`);
