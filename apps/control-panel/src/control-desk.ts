/**
 * Where the buttons arrive. Owns the receipts given, by command id; acts through the control store, which writes the files, the who and the why, and through
 * grind, which alone closes its circuit breakers.
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
  resetBreaker,
  clock,
}: {
  readonly control: ControlStore;
  /** Has grind close the breaker of a model; answers which it closed. Rejects when it could not be done. */
  readonly resetBreaker: (model: string, reason: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}): {
  order(command: PanelCommand): Promise<PanelReceipt>;
} {
  const receipts = new Map<string, Promise<PanelReceipt>>();
  const recent: Milliseconds[] = [];

  const act = async (command: PanelCommand): Promise<PanelReceipt> => {
    const { id } = command;
    const at = timestamp(clock);
    const reason = command.reason?.trim() === '' ? undefined : command.reason?.trim();
    try {
      if (command.verb !== 'reset-breaker')
        return { id, at, ...control.change({ verb: command.verb, actor: PANEL_ACTOR, reason }) };
      if (reason === undefined)
        return { kind: 'refused', id, at, why: 'The record keeps why a breaker was reset: say why.' };
      return { kind: 'breakers_reset', id, at, models: await resetBreaker(command.model, reason) };
    } catch (error) {
      // Only our own errors have texts made for people; another one may hold anything.
      return {
        kind: 'refused',
        id,
        at,
        why: isVivariumError(error) ? error.message : 'It could not be done.',
      };
    }
  };

  return {
    async order(command) {
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
