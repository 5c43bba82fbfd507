/**
 * What a verb will do, told before it is done: to new claims, to running calls, to money; and the confirmation it needs. Halting takes a
 * held button or the typed word; leaving HALT takes a reason (S3), which the server demands as well.
 */
import type { Overview } from '@vivarium/contracts';
import { type ReactElement, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { ControlVerb, Verb } from '../feed/feed-store.ts';
import { money, plural } from '../ui/format.ts';
import { HoldButton } from '../ui/hold-button.tsx';

/** What the sheet is about. */
export type Subject =
  | { readonly verb: ControlVerb }
  | { readonly verb: 'reset-breaker'; readonly model: string };

interface SheetProps {
  readonly subject: Subject;
  readonly overview: Overview;
  readonly isLive: boolean;
  readonly onClose: () => void;
  readonly onConfirm: (reason: string | null) => void;
}

const titles: Readonly<Record<Verb, string>> = {
  hold: 'Hold all spending?',
  pause: 'Pause the work?',
  drain: 'Drain the workers?',
  halt: 'Halt everything?',
  resume: 'Resume the work?',
  'clear-halt': 'Clear the halt?',
  'reset-breaker': 'Reset the circuit breaker?',
};

export function ControlSheet({ subject, overview, isLive, onClose, onConfirm }: SheetProps): ReactElement {
  const { verb } = subject;
  const dialog = useRef<HTMLDialogElement | null>(null);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const ids = { title: useId(), reason: useId(), typed: useId() };
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const needsReason = verb === 'clear-halt' || verb === 'reset-breaker';
  const isReady = !needsReason || reason.trim() !== '';
  const confirm = (): void => {
    if (isReady) onConfirm(reason.trim() === '' ? null : reason.trim());
  };
  return (
    <dialog ref={dialog} className="sheet" data-verb={verb} aria-labelledby={ids.title} onClose={onClose}>
      <h2 id={ids.title}>{titles[verb]}</h2>
      <dl className="effects">
        {effectsOf(subject, overview).map(([name, effect]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      {!isLive && (
        <p className="warning">
          These figures are not fresh: the page is not in touch with its panel right now.
        </p>
      )}
      <label htmlFor={ids.reason}>
        Reason{' '}
        {needsReason ? (
          <b>({verb === 'clear-halt' ? 'needed to leave HALT' : 'needed, it stands in the record'})</b>
        ) : (
          <span className="dim">(optional, stands in the record)</span>
        )}
      </label>
      <input
        id={ids.reason}
        type="text"
        value={reason}
        maxLength={300}
        autoComplete="off"
        // A dialog moves the focus into itself, and this is its first question
        autoFocus
        required={needsReason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && verb !== 'halt') confirm();
        }}
      />
      {verb === 'halt' && (
        <>
          <label htmlFor={ids.typed} className="dim">
            Cannot hold a button? Type HALT
          </label>
          <input
            id={ids.typed}
            type="text"
            value={typed}
            autoComplete="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </>
      )}
      <div className="sheet-buttons">
        <button type="button" className="plain" onClick={() => dialog.current?.close()}>
          Leave as it is
        </button>
        {verb === 'halt' ? (
          <HoldButton className="control strong" isArmed={typed.trim() === 'HALT'} onDone={confirm}>
            {typed.trim() === 'HALT' ? 'Halt now' : 'Hold to halt'}
          </HoldButton>
        ) : (
          <button
            type="button"
            className="control strong"
            data-verb={verb}
            disabled={!isReady}
            onClick={confirm}
          >
            {verbs[verb]}
          </button>
        )}
      </div>
      <p className="twin dim">
        On the command line: <code>{twinOf(subject, needsReason)}</code>
      </p>
    </dialog>
  );
}

/** A verb as a button says it. */
export const verbs: Readonly<Record<Verb, string>> = {
  hold: 'Hold',
  pause: 'Pause',
  drain: 'Drain',
  halt: 'Halt',
  resume: 'Resume',
  'clear-halt': 'Clear halt',
  'reset-breaker': 'Reset breaker',
};

function effectsOf(subject: Subject, overview: Overview): readonly (readonly [string, ReactNode])[] {
  const { in_flight: flight, counts } = overview;
  const held = [
    flight.held_real > 0 ? `${money(flight.held_real)} real` : '',
    flight.held_simulated > 0 ? `${money(flight.held_simulated)} simulated` : '',
  ].filter((part) => part !== '');
  const inFlight = held.length === 0 ? 'nothing in flight' : `${held.join(' and ')} in flight`;
  const calls = flight.calls === 0 ? 'none is running' : `${plural(flight.calls, 'call')} running`;
  const ready = counts['queued'] + counts['retrying'];
  switch (subject.verb) {
    case 'reset-breaker':
      return [
        ['Calls', `to ${subject.model} go through again at once`],
        ['Money', 'within the same caps as before'],
        ['When it fails again', 'it opens again, by the same rules'],
      ];
    case 'hold':
      return [
        ['New claims', `go on, and their calls wait: ${plural(ready, 'ready task')}`],
        ['Running calls', flight.calls === 0 ? calls : `${calls}, which will finish`],
        ['Money', held.length === 0 ? inFlight : `${inFlight}, at most that much more is spent`],
        ['Undo', 'resume, at any time'],
      ];
    case 'drain':
      return [
        ['New claims', `none: ${plural(ready, 'ready task')} will wait`],
        [
          'Running calls',
          `${flight.calls === 0 ? calls : `${calls}, which will finish`}; then the workers leave`,
        ],
        ['Money', held.length === 0 ? inFlight : `${inFlight}, at most that much more is spent`],
        ['Undo', 'start again on the command line'],
      ];
    case 'pause':
      return [
        ['New claims', `none: ${plural(ready, 'ready task')} will wait`],
        ['Running calls', flight.calls === 0 ? calls : `${calls}, which will finish`],
        ['Money', held.length === 0 ? inFlight : `${inFlight}, at most that much more is spent`],
        ['Undo', 'resume, at any time'],
      ];
    case 'halt':
      return [
        ['New claims', `none: ${plural(ready, 'ready task')} will wait`],
        [
          'Running calls',
          flight.calls === 0 ? calls : `${calls}, which will be aborted; their tasks go back to the queue`,
        ],
        [
          'Money',
          held.length === 0
            ? inFlight
            : `${inFlight}; aborted calls may still be billed and are charged in full`,
        ],
        ['Undo', 'clear halt, with a reason; starting again does not clear it'],
      ];
    case 'resume':
    case 'clear-halt':
      return [
        ['New claims', `${plural(ready, 'ready task')} may be claimed at once`],
        ['In force now', `${overview.control.kind}: ${overview.control.reason ?? 'no reason given'}`],
        [
          'Workers',
          overview.control.workers.length === 0
            ? 'none is at work; start some to go on'
            : `${plural(overview.control.workers.length, 'worker')} will go on`,
        ],
      ];
  }
}

function twinOf(subject: Subject, needsReason: boolean): string {
  const { verb } = subject;
  if (verb === 'reset-breaker') return `orchestrator breaker reset ${subject.model} --reason "…"`;
  return verb === 'halt' || needsReason ? `orchestrator ${verb} --reason "…"` : `orchestrator ${verb}`;
}
