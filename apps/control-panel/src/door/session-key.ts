/**
 * The key of the sessions, in `run/panel.key` while the panel is up. A panel that stops properly removes it, and its sessions end with it. One
 * that crashed leaves it behind, and the next panel of the home takes it over: pages that stayed open go on by themselves (D6).
 */
import { Timestamp, type HomeLayout } from '@vivarium/contracts';
import { timestamp, type Clock, type Files } from '@vivarium/core';
import { z } from 'zod';

const KeyFile = z.object({ key: z.string().regex(/^[0-9a-f]{64}$/), since: Timestamp });

/** An older key is not taken over: a page of yesterday has to come in again. */
const OLDEST_MS = 12 * 3_600_000;

export function leftoverKey(layout: HomeLayout, files: Files, clock: Clock): string | undefined {
  try {
    const { key, since } = KeyFile.parse(JSON.parse(files.readText(layout.panelKey) ?? ''));
    const age = clock.now().getTime() - Date.parse(since);
    return age >= 0 && age < OLDEST_MS ? key : undefined;
  } catch {
    // Missing, unreadable or not ours: a new key is always right.
    return undefined;
  }
}

export function keepKey(layout: HomeLayout, files: Files, clock: Clock, key: string): void {
  files.replace(layout.panelKey, `${JSON.stringify({ key, since: timestamp(clock) })}\n`, 'private');
}
