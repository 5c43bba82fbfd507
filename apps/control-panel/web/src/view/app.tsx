/** The page: verdict first, then the tasks and the log. Figures grey out when the page has not heard from its panel for a while. */
import { type ReactElement, useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { FeedStore, PageState } from '../feed/feed-store.ts';
import { useNow } from '../ui/use-now.ts';
import { useWide } from '../ui/use-wide.ts';
import { ActionLog } from './action-log.tsx';
import { ControlButtons } from './control-buttons.tsx';
import { ControlStrip } from './control-strip.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Header } from './header.tsx';
import { searchFor } from './log-filter.ts';
import { Notices } from './notices.tsx';
import { Tabs } from './tabs.tsx';
import { TaskBoard } from './task-board.tsx';
import { useCommand } from './use-command.ts';
import { VerdictLine } from './verdict-line.tsx';

export type Freshness = 'live' | 'late' | 'stale';

/** Overviews come every second: three without one is late, eight is stale. */
function freshnessOf(page: PageState): Freshness {
  if (page.connection !== 'live' || page.heardAt === undefined) return 'stale';
  const silence = performance.now() - page.heardAt;
  return silence < 3_000 ? 'live' : silence < 8_000 ? 'late' : 'stale';
}

export function App({ store }: { readonly store: FeedStore }): ReactElement {
  const page = useSyncExternalStore(store.subscribe, store.read);
  useNow(1_000);
  const freshness = freshnessOf(page);
  const { feed } = page;
  const { overview } = feed;
  const command = useCommand(store);
  const isWide = useWide(1100);
  const [tab, setTab] = useState<'tasks' | 'log'>('tasks');
  const [logSearch, setLogSearch] = useState('');

  useEffect(() => {
    document.title = `${overview === undefined ? 'Connecting' : overview.verdict.running.words} · Vivarium`;
  }, [overview]);

  const showInLog = useCallback((taskId: string) => {
    setLogSearch(searchFor('task', taskId));
    setTab('log');
  }, []);

  const isFirstRun = overview !== undefined && overview.counts.total === 0;
  const tasks = isFirstRun ? (
    <FirstSteps overview={overview} />
  ) : (
    <TaskBoard feed={feed} skewMs={page.skewMs} onShowInLog={showInLog} />
  );
  const log = <ActionLog feed={feed} load={store.load} search={logSearch} onSearch={setLogSearch} />;

  return (
    <div className="app" data-freshness={freshness}>
      <a className="skip-link" href="#boards">
        Skip to the tasks
      </a>
      <Header page={page} freshness={freshness} />
      {overview === undefined ? (
        <p className="waiting" role="status">
          {page.connection === 'locked' ? 'Waiting for the link.' : 'Reading the record…'}
        </p>
      ) : (
        <section className="top" aria-label="Verdict and controls">
          <VerdictLine overview={overview} />
          <ControlButtons overview={overview} command={command} isLive={freshness === 'live'} />
        </section>
      )}
      {overview !== undefined && <ControlStrip overview={overview} command={command} skewMs={page.skewMs} />}
      <Notices page={page} command={command} isLive={freshness === 'live'} />
      {overview !== undefined && (
        <main id="boards" className="boards">
          {!isWide && <Tabs tab={tab} onTab={setTab} />}
          {(isWide || tab === 'tasks') && tasks}
          {(isWide || tab === 'log') && log}
        </main>
      )}
    </div>
  );
}
