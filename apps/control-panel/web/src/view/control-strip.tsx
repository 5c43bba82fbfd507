/**
 * What was asked for, and how far it has come: requested is not effective. Shown while the work is held, and for a while after every command
 * given on this page, with its receipt.
 */
import type { Overview, PanelReceipt } from '@vivarium/contracts';
import { type ReactElement, type ReactNode, useState } from 'react';
import { age, clockTime, exactTime } from '../ui/format.ts';
import { useNow } from '../ui/use-now.ts';
import { verbs } from './control-sheet.tsx';
import type { Command } from './use-command.ts';

export function ControlStrip({
  overview,
  command,
  skewMs,
}: {
  readonly overview: Overview;
  readonly command: Command;
  readonly skewMs: number;
}): ReactElement | null {
  const { control } = overview;
  const [dismissed, setDismissed] = useState<object | undefined>(undefined);
  const done = control.workers.filter(({ has_let_go }) => has_let_go).length;
  const receipt =
    command.state.kind === 'none' || command.state === dismissed ? null : <Receipt command={command} />;
  if (control.kind === 'running' && receipt === null && control.scoped.length === 0) return null;
  return (
    <section className="strip" data-kind={control.kind} aria-label="Control state" aria-live="polite">
      {control.kind !== 'running' && (
        <>
          <p className="strip-head">
            <b>{words[control.kind]}</b> <q>{control.reason ?? 'no reason given'}</q>
          </p>
          <ol className="strip-steps">
            <li data-done="true">
              <span>Requested</span>
              <b>{control.since === null ? 'by a file' : <Since since={control.since} skewMs={skewMs} />}</b>
              {control.actor !== null && <span className="dim">by {control.actor}</span>}
            </li>
            <li data-done={done === control.workers.length}>
              <span>{control.kind === 'hold' ? 'Workers that obey' : 'Workers that let go'}</span>
              <b className="figure">
                {done} of {control.workers.length}
              </b>
              {control.workers.length > 0 && <progress max={control.workers.length} value={done} />}
              {control.workers.length > 0 && <Each workers={control.workers} />}
            </li>
            <li data-done={control.effective}>
              <span>Effective</span>
              <b>{effectText(control)}</b>
            </li>
          </ol>
        </>
      )}
      {control.scoped.map(({ kind, scope, reason }) => (
        <p className="strip-head" key={`${kind} ${scope}`}>
          <b>{words[kind]}</b> {scope} <q>{reason}</q>
        </p>
      ))}
      {receipt !== null && (
        <p className="receipt">
          {receipt}
          <button type="button" className="plain small" onClick={() => setDismissed(command.state)}>
            Dismiss
          </button>
        </p>
      )}
    </section>
  );
}

function effectText(control: Overview['control']): string {
  if (!control.effective) {
    if (control.kind === 'hold') return 'not yet';
    return control.kind === 'halted'
      ? 'not yet: calls are being aborted'
      : 'not yet: running calls finish first';
  }
  if (control.workers.length === 0) return 'nobody is at work';
  return control.effective_after_ms === null
    ? 'yes'
    : `after ${(control.effective_after_ms / 1_000).toFixed(1)} s`;
}

/** Who is still awaited comes first. */
function Each({ workers }: { readonly workers: Overview['control']['workers'] }): ReactElement {
  const rows = workers.toSorted((a, b) => Number(a.has_let_go) - Number(b.has_let_go));
  return (
    <details className="strip-each">
      <summary>each</summary>
      <ul>
        {rows.map(({ worker_id, has_let_go, after_ms }) => (
          <li key={worker_id} data-done={has_let_go}>
            <span className="mono">{worker_id}</span>{' '}
            {!has_let_go ? 'not yet' : after_ms === null ? 'yes' : `after ${Math.round(after_ms)} ms`}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Since({ since, skewMs }: { readonly since: string; readonly skewMs: number }): ReactElement {
  const now = useNow(1_000);
  return (
    <time dateTime={since} title={exactTime(since)}>
      {clockTime(since).slice(0, 8)}, {age(now + skewMs - Date.parse(since))} ago
    </time>
  );
}

const words = {
  running: 'RUNNING',
  hold: 'HOLD',
  paused: 'PAUSE',
  draining: 'DRAIN',
  halted: 'HALT',
} as const;

function Receipt({ command }: { readonly command: Command }): ReactElement | null {
  const { state } = command;
  switch (state.kind) {
    case 'none':
      return null;
    case 'sent':
      return <span>{verbs[state.verb]} sent, waiting for the receipt…</span>;
    case 'unanswered':
      return (
        <span>
          No receipt came for {verbs[state.verb].toLowerCase()}. What is in force shows above; try again if it
          is not what you asked for.
        </span>
      );
    case 'answered':
      return (
        <span>
          Receipt{' '}
          <time dateTime={state.receipt.at} title={exactTime(state.receipt.at)} className="figure">
            {clockTime(state.receipt.at)}
          </time>{' '}
          · {verbs[state.verb]}: {receiptText(state.receipt)}
        </span>
      );
  }
}

function receiptText(receipt: PanelReceipt): ReactNode {
  switch (receipt.kind) {
    case 'changed':
      return `${receipt.before.kind} → ${receipt.after.kind}`;
    case 'unchanged':
      return `nothing to do, it was ${receipt.state.kind} already`;
    case 'needs_reason':
      return 'refused: only a reason leads out of HALT';
    case 'needs_clear_halt':
      return 'refused: HALT is left by clearing it, with a reason';
    case 'breakers_reset':
      return receipt.models.length === 0
        ? 'nothing to do, it was closed already'
        : `closed for ${receipt.models.join(', ')}; calls go through again`;
    case 'refused':
      return `refused: ${receipt.why}`;
  }
}
