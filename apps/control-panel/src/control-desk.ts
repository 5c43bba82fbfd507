/**
 * Where the buttons arrive. Owns the receipts given, by command id; acts through the control store, which writes the files, the who and the why.
 *
 * - P1: one command id acts once, however often it is sent: a second asking gets the first receipt.
 * - P2: a command that could not be carried out says so; there is no receipt without its effect on disk.
 */
import type { ControlStore, PanelCommand, PanelReceipt } from '@vivarium/contracts';
import { type Clock, isVivariumError, timestamp, type Milliseconds } from '@vivarium/core';

const KEPT_RECEIPTS = 500;
const MOST_COMMANDS = 20;
const WINDOW_MS = 10_000;
/** How the record names somebody who holds the session of this panel. */
export const PANEL_ACTOR = 'operator';

export function createControlDesk({
  control,
  clock,
}: {
  readonly control: ControlStore;
  readonly clock: Clock;
}): {
  order(command: PanelCommand): PanelReceipt;
} {
  const receipts = new Map<string, PanelReceipt>();
  const recent: Milliseconds[] = [];

  const act = ({ id, verb, reason }: PanelCommand): PanelReceipt => {
    const at = timestamp(clock);
    try {
      const receipt = control.change({
        verb,
        actor: PANEL_ACTOR,
        reason: reason === null || reason.trim() === '' ? undefined : reason.trim(),
      });
      return { id, at, ...receipt };
    } catch (error) {
      // Only our own errors have texts made for people; another one may hold anything.
      return {
        kind: 'refused',
        id,
        at,
        why: isVivariumError(error) ? error.message : 'The control state could not be written.',
      };
    }
  };

  return {
    order(command) {
      const given = receipts.get(command.id);
      if (given !== undefined) return given;
      const now = clock.monotonic();
      while (recent[0] !== undefined && now - recent[0] > WINDOW_MS) recent.shift();
      if (recent.length >= MOST_COMMANDS)
        return {
          kind: 'refused',
          id: command.id,
          at: timestamp(clock),
          why: 'Too many commands at once; wait ten seconds.',
        };
      recent.push(now);
      const receipt = act(command);
      receipts.set(command.id, receipt);
      for (const old of receipts.keys()) if (receipts.size > KEPT_RECEIPTS) receipts.delete(old);
      return receipt;
    },
  };
}
