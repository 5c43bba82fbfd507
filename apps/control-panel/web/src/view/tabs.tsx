import type { ReactElement } from 'react';

const names = { tasks: 'Tasks', log: 'Action log' } as const;

/** On narrow screens tasks and log take turns. */
export function Tabs({
  tab,
  onTab,
}: {
  readonly tab: keyof typeof names;
  readonly onTab: (tab: keyof typeof names) => void;
}): ReactElement {
  return (
    <nav className="tabs" aria-label="Views">
      {(['tasks', 'log'] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-current={each === tab ? 'page' : undefined}
          onClick={() => onTab(each)}
        >
          {names[each]}
        </button>
      ))}
    </nav>
  );
}
