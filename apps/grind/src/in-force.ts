/** What keeps a call from being made now, control state and shutdown. Read before every paid call (S3). */
import type { ControlState } from '@vivarium/contracts';
import { refuse, type Refusal } from './refusal.ts';

export function refuseUnder(control: ControlState): Refusal | undefined {
  switch (control.kind) {
    case 'running':
      return undefined;
    case 'paused':
      return refuse('paused', `PAUSE is in force: ${control.reason}`);
    case 'halted':
      return refuse('halted', `HALT is in force: ${control.reason}`);
  }
}
