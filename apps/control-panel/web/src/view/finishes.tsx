/** How many tasks came to their end lately: one bar per ten seconds, over ten minutes. The same is said in words for those who cannot see it. */
import type { Overview } from '@vivarium/contracts';
import type { ReactElement } from 'react';
import { count } from '../ui/format.ts';

const HEIGHT = 22;

export function Finishes({ finishes }: { readonly finishes: Overview['finishes'] }): ReactElement | null {
  const all = finishes.counts.reduce((sum, each) => sum + each, 0);
  if (all === 0) return null;
  const most = Math.max(...finishes.counts);
  const minutes = Math.round((finishes.counts.length * finishes.bucket_ms) / 60_000);
  const text = `${count(all)} ended in the last ${minutes} minutes`;
  return (
    <figure className="finishes" title={text}>
      <svg
        viewBox={`0 0 ${finishes.counts.length * 2} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={text}
      >
        {finishes.counts.map((each, index) => {
          const height = each === 0 ? 0.6 : Math.max(2, (each / most) * HEIGHT);
          // The list is a moving window: its places are what stays, not its values.
          return (
            <rect
              key={finishes.counts.length - index}
              data-empty={each === 0}
              x={index * 2}
              y={HEIGHT - height}
              width="1.500"
              height={height}
            />
          );
        })}
      </svg>
    </figure>
  );
}
