/** The verbs of an operator. Each opens a sheet that says what it will do before it does it. */
import type { Overview } from '@vivarium/contracts';
import { type ReactElement, useState } from 'react';
import type { ControlVerb } from '../feed/feed-store.ts';
import { HaltShape, PauseShape, ResumeShape } from '../ui/shapes.tsx';
import { ControlSheet } from './control-sheet.tsx';
import type { Command } from './use-command.ts';

export function ControlButtons({
  overview,
  command,
  isLive,
}: {
  readonly overview: Overview;
  readonly command: Command;
  readonly isLive: boolean;
}): ReactElement {
  const [sheet, setSheet] = useState<ControlVerb | undefined>(undefined);
  const { kind } = overview.control;
  return (
    <div className="controls" role="group" aria-label="Controls">
      {kind === 'running' && (
        <button type="button" className="control" data-verb="hold" onClick={() => setSheet('hold')}>
          Hold…
        </button>
      )}
      {(kind === 'running' || kind === 'hold') && (
        <button type="button" className="control" data-verb="pause" onClick={() => setSheet('pause')}>
          <PauseShape /> Pause…
        </button>
      )}
      {kind !== 'draining' && kind !== 'halted' && (
        <button type="button" className="control" data-verb="drain" onClick={() => setSheet('drain')}>
          Drain…
        </button>
      )}
      {kind !== 'running' && (
        <button
          type="button"
          className="control"
          data-verb={kind === 'halted' ? 'clear-halt' : 'resume'}
          onClick={() => setSheet(kind === 'halted' ? 'clear-halt' : 'resume')}
        >
          <ResumeShape /> {kind === 'halted' ? 'Clear halt…' : 'Resume…'}
        </button>
      )}
      <button
        type="button"
        className="control"
        data-verb="halt"
        disabled={kind === 'halted'}
        onClick={() => setSheet('halt')}
      >
        <HaltShape /> {kind === 'halted' ? 'Halted' : 'Halt…'}
      </button>
      {sheet !== undefined && (
        <ControlSheet
          subject={{ verb: sheet }}
          overview={overview}
          isLive={isLive}
          onClose={() => setSheet(undefined)}
          onConfirm={(reason) => {
            setSheet(undefined);
            command.give({ verb: sheet, reason });
          }}
        />
      )}
    </div>
  );
}
