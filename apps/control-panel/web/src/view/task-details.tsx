/** An opened task: its prompt, its result, what it depends on, and what the record says of it. Fetched when it is opened, and when it changes. */
import type { TaskDetail, TaskRow } from '@vivarium/contracts';
import { type ReactElement, type ReactNode, useState } from 'react';
import type { LogItem } from '../feed/log-items.ts';
import { clockTime, count, exactTime, money, plural, workerName } from '../ui/format.ts';
import { StatusShape } from '../ui/shapes.tsx';
import { type Fetched, useJson, useText } from '../ui/use-fetched.ts';
import { statusWord } from './status-filter.tsx';

interface TaskDetailsProps {
  readonly row: TaskRow;
  readonly tasks: ReadonlyMap<string, TaskRow>;
  readonly log: readonly LogItem[];
  readonly onShowInLog: (taskId: string) => void;
}

export function TaskDetails({ row, tasks, log, onShowInLog }: TaskDetailsProps): ReactElement {
  const version = `${row.round} ${row.attempt} ${row.status} ${row.cost_nano_usd} ${row.held_nano_usd}`;
  const detail = useJson<TaskDetail>(`/api/task?id=${encodeURIComponent(row.id)}`, version);
  const result = useText(row.result_sha256 === null ? undefined : `/api/results/${row.result_sha256}`);
  const logLines = log.filter((item) => item.kind === 'line' && item.task_id === row.id).length;
  return (
    <div className="details">
      <div className="details-texts">
        <TextBlock
          title="Prompt"
          text={detail.kind === 'here' ? detail.value.prompt : row.prompt}
          note={noteOf(detail)}
        />
        {row.result_sha256 !== null && (
          <TextBlock
            title={row.finish_reason === 'length' ? 'Result (cut at its limit)' : 'Result'}
            text={result.kind === 'here' ? result.value : ''}
            note={noteOf(result)}
            extra={row.simulated ? <span className="tag">simulated</span> : undefined}
          />
        )}
        {row.reason !== null && (
          <TextBlock
            title={row.error_code === null ? 'Reason' : `Error: ${row.error_code}`}
            text={row.reason}
            tone="bad"
          />
        )}
      </div>
      <div className="details-facts">
        {row.depends_on.length > 0 && (
          <section>
            <h3>Depends on</h3>
            <ul className="dependencies">
              {row.depends_on.map((id) => (
                <li key={id} data-status={tasks.get(id)?.status} className="status">
                  <Dependency id={id} task={tasks.get(id)} />
                </li>
              ))}
            </ul>
          </section>
        )}
        <section>
          <h3>Facts</h3>
          <dl className="facts">
            {factsOf(row, detail).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section>
          <h3>Lines</h3>
          {detail.kind === 'here' ? (
            <Lines lines={detail.value.lines} />
          ) : (
            <p className="dim">{noteOf(detail)}</p>
          )}
          {logLines > 0 && (
            <button type="button" className="plain small" onClick={() => onShowInLog(row.id)}>
              Show its lines in the action log
            </button>
          )}
        </section>
      </div>
    </div>
  );
}

function Dependency({ id, task }: { readonly id: string; readonly task: TaskRow | undefined }): ReactElement {
  if (task === undefined) return <>{id} (not in the queue)</>;
  return (
    <>
      <StatusShape status={task.status} /> <span className="mono">{id}</span>{' '}
      <span className="dim">{statusWord(task.status)}</span>
    </>
  );
}

function TextBlock({
  title,
  text,
  note,
  tone,
  extra,
}: {
  readonly title: string;
  readonly text: string;
  readonly note?: string | undefined;
  readonly tone?: 'bad';
  readonly extra?: ReactNode;
}): ReactElement {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true));
  };
  return (
    <section className="text-block" data-tone={tone}>
      <h3>
        {title} {extra}
        <span className="dim figure">{plural(text.length, 'character')}</span>
        <button type="button" className="plain small" onClick={copy} disabled={text === ''}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      </h3>
      {note === undefined ? (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a block that scrolls must be reachable by keyboard
        <pre tabIndex={0} aria-label={title}>
          {text}
        </pre>
      ) : (
        <p className="dim">{note}</p>
      )}
    </section>
  );
}

function Lines({ lines }: { readonly lines: TaskDetail['lines'] }): ReactElement {
  if (lines.length === 0) return <p className="dim">The record does not name this task yet.</p>;
  return (
    <ol className="lines">
      {lines.map((line, index) => (
        // Lines are only ever added at the end.
        <li
          key={index}
          title={`${line.log === 'execution' ? 'execution_log.jsonl' : 'api_audit.log'}: ${line.event}`}
        >
          <time dateTime={line.timestamp} title={exactTime(line.timestamp)}>
            {clockTime(line.timestamp)}
          </time>
          <span>
            {line.text}
            {line.nano_usd !== null && <b className="figure"> {money(line.nano_usd)}</b>}
            <span className="dim">
              {' '}
              {line.attempt === null ? '' : `try ${line.attempt}`}{' '}
              {line.worker_id === null ? '' : workerName(line.worker_id)}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}

function factsOf(row: TaskRow, detail: Fetched<TaskDetail>): readonly (readonly [string, string])[] {
  const facts: [string, string][] = [
    ['model', `${row.requested_model ?? 'default'} → ${row.model ?? 'not billed yet'}`],
    ['round and try', `${row.round}, ${row.attempt}`],
  ];
  if (row.not_before !== null) facts.push(['not before', exactTime(row.not_before)]);
  if (detail.kind !== 'here') return facts;
  const { min_budget, max_budget, intensity, max_tokens, temperature, source, digest } = detail.value;
  facts.push(['budget', `$${min_budget} must be free, at most $${max_budget}`], ['intensity', intensity]);
  if (max_tokens !== null) facts.push(['most tokens', count(max_tokens)]);
  if (temperature !== null) facts.push(['temperature', String(temperature)]);
  if (source !== null)
    facts.push([
      'from',
      `${source.file}, entry ${source.index}${source.line === undefined ? '' : `, line ${source.line}`}`,
    ]);
  facts.push(['digest', digest]);
  return facts;
}

/** What stands in place of a text that is not here. */
function noteOf(fetched: Fetched<unknown>): string | undefined {
  switch (fetched.kind) {
    case 'here':
    case 'nothing':
      return undefined;
    case 'coming':
      return 'Fetching…';
    case 'failed':
      return `Could not be fetched: ${fetched.why}`;
  }
}
