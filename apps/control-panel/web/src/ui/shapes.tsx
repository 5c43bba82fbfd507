/** Shapes that say a state without its colour. Each is told apart in black and white at 14 pixels. */
import type { TaskStatus, Verdict } from '@vivarium/contracts';
import type { ReactElement } from 'react';

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.7,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;

function Icon({ children }: { readonly children: ReactElement | readonly ReactElement[] }): ReactElement {
  return (
    <svg className="shape" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export function StatusShape({ status }: { readonly status: TaskStatus }): ReactElement {
  return <Icon>{statusShapes[status]}</Icon>;
}

const ring = <circle key="ring" cx="8" cy="8" r="6" {...stroke} />;
const disc = <circle key="disc" cx="8" cy="8" r="7" fill="currentColor" />;
const onDisc = { ...stroke, stroke: 'var(--surface)', strokeWidth: 2 } as const;

const statusShapes: Readonly<Record<TaskStatus, ReactElement | readonly ReactElement[]>> = {
  queued: ring,
  blocked: [
    <rect key="box" x="3" y="7" width="10" height="6.500" rx="1.500" {...stroke} />,
    <path key="bow" d="M5.500 7V5a2.500 2.500 0 0 1 5 0v2" {...stroke} />,
  ],
  deferred: [ring, <path key="hands" d="M8 4.500V8l2.500 1.500" {...stroke} />],
  in_progress: [ring, <path key="half" d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />],
  retrying: [
    <path key="turn" d="M13.500 8a5.500 5.500 0 1 1-1.800-4.100" {...stroke} />,
    <path key="tip" d="M13.800 1.600v3.200h-3.200" {...stroke} />,
  ],
  completed: [disc, <path key="check" d="m4.800 8.300 2.200 2.200 4.200-4.600" {...onDisc} />],
  failed: [
    <rect key="box" x="1.500" y="1.500" width="13" height="13" rx="2" fill="currentColor" />,
    <path key="cross" d="m5.300 5.300 5.400 5.400m0-5.400-5.400 5.400" {...onDisc} />,
  ],
  refused: [
    <path
      key="shield"
      d="M8 1.300 14 3.500v4.300c0 3.400-2.500 5.700-6 6.900-3.500-1.200-6-3.500-6-6.900V3.500z"
      fill="currentColor"
    />,
    <path key="bar" d="M5 7.800h6" {...onDisc} />,
  ],
  cancelled: [ring, <path key="slash" d="m4 12 8-8" {...stroke} />],
  skipped: <path d="m3 3.500 5 4.500-5 4.500m5.500-9 5 4.500-5 4.500" {...stroke} />,
};

export function ToneShape({ tone }: { readonly tone: Verdict['tone'] }): ReactElement {
  return <Icon>{toneShapes[tone]}</Icon>;
}

const toneShapes: Readonly<Record<Verdict['tone'], ReactElement | readonly ReactElement[]>> = {
  good: disc,
  quiet: ring,
  attention: [
    <path key="tri" d="M8 1.500 15.200 14H.8z" fill="currentColor" />,
    <path key="mark" d="M8 6v3.600m0 2.200v.1" {...onDisc} />,
  ],
  bad: [
    <path key="oct" d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />,
    <path key="mark" d="M8 4.300v4.300m0 2.900v.1" {...onDisc} />,
  ],
};

export const PauseShape = (): ReactElement => (
  <Icon>
    <path d="M4.500 3v10M11.500 3v10" {...stroke} strokeWidth={3} />
  </Icon>
);
export const ResumeShape = (): ReactElement => (
  <Icon>
    <path d="M4 2.500 13 8l-9 5.500z" fill="currentColor" />
  </Icon>
);
export const HaltShape = (): ReactElement => (
  <Icon>
    <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />
  </Icon>
);
export const Chevron = (): ReactElement => (
  <Icon>
    <path d="m5.500 3 5 5-5 5" {...stroke} />
  </Icon>
);
