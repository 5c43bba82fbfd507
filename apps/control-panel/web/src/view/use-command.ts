/** The last command given on this page, and its receipt. */
import type { PanelReceipt } from '@vivarium/contracts';
import { useCallback, useMemo, useState } from 'react';
import type { FeedStore, Order, Verb } from '../feed/feed-store.ts';

export type CommandState =
  | { readonly kind: 'none' }
  | { readonly kind: 'sent'; readonly verb: Verb }
  | { readonly kind: 'answered'; readonly verb: Verb; readonly receipt: PanelReceipt }
  /** No receipt came: whether it was done shows in the state, not here. */
  | { readonly kind: 'unanswered'; readonly verb: Verb };

export interface Command {
  readonly state: CommandState;
  readonly give: (order: Order) => void;
}

export function useCommand(store: FeedStore): Command {
  const [state, setState] = useState<CommandState>({ kind: 'none' });
  const give = useCallback(
    (order: Order): void => {
      const { verb } = order;
      setState({ kind: 'sent', verb });
      void store
        .command(order)
        .then((receipt) =>
          setState(
            receipt === undefined ? { kind: 'unanswered', verb } : { kind: 'answered', verb, receipt },
          ),
        );
    },
    [store],
  );
  return useMemo(() => ({ state, give }), [state, give]);
}
