/** What keeps a call from being made now, control state and shutdown. Read before every paid call (S3). */
import type { ControlOrder, ControlState } from '@vivarium/contracts';
import { refuse, type Refusal } from './refusal.ts';

export function refuseUnder(control: ControlState): Refusal | undefined {
  switch (control.kind) {
    case 'running':
      return undefined;
    case 'hold':
      return refuse('held', `A hold is in force${whose(control)}: ${control.reason}`);
    case 'draining':
      return refuse('draining', `DRAIN is in force${whose(control)}: ${control.reason}`);
    case 'paused':
      return refuse('paused', `PAUSE is in force${whose(control)}: ${control.reason}`);
    case 'halted':
      return refuse('halted', `HALT is in force${whose(control)}: ${control.reason}`);
  }
}

const whose = ({ scope }: ControlOrder): string =>
  scope.kind === 'all' ? '' : ` for ${scope.kind} ${scope.id}`;
