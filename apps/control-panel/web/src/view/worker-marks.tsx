/** One mark per worker: filled while its beat moves, hollow when it stands still, crossed when the process is gone. Inside, the slots in use. */
import type { WorkerRow } from '@vivarium/contracts';
import type { ReactElement } from 'react';
import { age } from '../ui/format.ts';

const said = { fresh: 'beats', still: 'does not beat', gone: 'has ended' } as const;
const SHOWN = 16;

export function WorkerMarks({ workers }: { readonly workers: readonly WorkerRow[] }): ReactElement | null {
  if (workers.length === 0) return null;
  return (
    <ul className="workers" aria-label="Workers">
      {workers.slice(0, SHOWN).map((worker) => {
        const text = `${worker.worker_id} ${said[worker.state]}${worker.state === 'fresh' ? '' : `, silent for ${age(worker.quiet_ms)}`}: ${worker.busy} of ${worker.slots} slots in use`;
        return (
          <li key={worker.worker_id} data-state={worker.state} title={text}>
            <span className="hidden-text">{text}</span>
            <svg viewBox="0 0 10 22" width="10" height="22" aria-hidden="true">
              <rect className="slot" x="0.500" y="0.500" width="9" height="21" rx="2" />
              <rect
                className="busy"
                x="0.500"
                y={0.5 + 21 * (1 - worker.busy / worker.slots)}
                width="9"
                height={21 * (worker.busy / worker.slots)}
                rx="2"
              />
              {worker.state === 'gone' && <path className="cross" d="m1 4 8 14M9 4 1 18" />}
            </svg>
          </li>
        );
      })}
      {workers.length > SHOWN && <li className="dim">+{workers.length - SHOWN}</li>}
    </ul>
  );
}
