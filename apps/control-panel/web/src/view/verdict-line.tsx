/** The verdict: three cells, each a shape, a word and a colour that say the same. Opening one shows its rule and what the rule was given. */
import type { Overview, Verdict } from '@vivarium/contracts';
import { type ReactElement, type ReactNode, useState } from 'react';
import { Chevron, ToneShape } from '../ui/shapes.tsx';
import { Finishes } from './finishes.tsx';
import { MoneyBar } from './money-bar.tsx';
import { WorkerMarks } from './worker-marks.tsx';

const CELLS = ['running', 'flow', 'money'] as const;
type Cell = (typeof CELLS)[number];
const names: Readonly<Record<Cell, string>> = { running: 'Running', flow: 'Flow', money: 'Money' };

export function VerdictLine({ overview }: { readonly overview: Overview }): ReactElement {
  const [open, setOpen] = useState<Cell | undefined>(undefined);
  const pictures: Readonly<Record<Cell, ReactNode>> = {
    running: <WorkerMarks workers={overview.workers} />,
    flow: <Finishes finishes={overview.finishes} />,
    money: <MoneyBar overview={overview} />,
  };
  return (
    <div className="verdict">
      {CELLS.map((cell) => {
        const verdict = overview.verdict[cell];
        return (
          <section
            key={cell}
            className="cell"
            data-tone={verdict.tone}
            data-cell={cell}
            aria-label={names[cell]}
          >
            <button
              type="button"
              className="cell-button"
              aria-expanded={open === cell}
              aria-controls="why"
              title={verdict.rule}
              onClick={() => setOpen(open === cell ? undefined : cell)}
            >
              <span className="cell-name">{names[cell]}</span>
              <span className="cell-words">
                <ToneShape tone={verdict.tone} />
                <span className="figure">{verdict.words}</span>
              </span>
              <span className="cell-detail">{verdict.detail}</span>
              <Chevron />
            </button>
            <div className="cell-picture">{pictures[cell]}</div>
          </section>
        );
      })}
      <div id="why" className="why" hidden={open === undefined}>
        {open !== undefined && <Why name={names[open]} verdict={overview.verdict[open]} />}
      </div>
    </div>
  );
}

function Why({ name, verdict }: { readonly name: string; readonly verdict: Verdict }): ReactElement {
  return (
    <>
      <div>
        <h2>
          Why “{verdict.words}”? <span className="dim">{name}</span>
        </h2>
        <p>{verdict.rule}</p>
        {verdict.advice !== null && (
          <p>
            {verdict.advice.text} {verdict.advice.command !== null && <code>{verdict.advice.command}</code>}
          </p>
        )}
      </div>
      <dl className="inputs">
        {verdict.inputs.map((input) => (
          <div key={input.name}>
            <dt>{input.name}</dt>
            <dd>{input.value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
