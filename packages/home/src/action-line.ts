import type { Action, ActionLogLine } from '@vivarium/contracts';
import { timestamp, type Clock, type HomeId, type IdSource } from '@vivarium/core';

/** The whole line of an action: keys of the seed first, in its order. */
export function actionLine(action: Action, home: HomeId, clock: Clock, ids: IdSource): ActionLogLine {
  const { actor, action_type, action: what, detail, metadata = null, ...rest } = action;
  return {
    timestamp: timestamp(clock),
    actor,
    action_type,
    action: what,
    detail,
    session_id: null,
    metadata: metadata,
    ...rest,
    event_id: ids.next('act'),
    home,
  };
}
