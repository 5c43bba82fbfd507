/** The fold of api_audit.log that says which circuit breakers are not closed: grind goes on from it, and it is what there is to say while no grind is up. */
import type { ApiAuditLine } from '../events/api-audit.ts';

export type BreakerLine = Extract<ApiAuditLine, { event: `breaker.${string}` }>;

export interface BreakerFold {
  apply(line: ApiAuditLine): void;
  /** The line that opened each breaker that is not closed. Half-open is open with its time over: whoever was trying it is gone. */
  open(): readonly BreakerLine[];
}

export function createBreakerFold(): BreakerFold {
  const opened = new Map<string, BreakerLine>();
  return {
    apply(line) {
      if (line.event === 'breaker.opened') opened.set(keyOf(line), line);
      else if (line.event === 'breaker.closed' || line.event === 'breaker.reset') opened.delete(keyOf(line));
    },
    open: () => [...opened.values()],
  };
}

const keyOf = ({ upstream, model }: BreakerLine): string => JSON.stringify([upstream, model]);
