/** Where the panel of a home is, as a link that signs in. Its token changes with every sign-in: a link is made when it is shown, never kept. */
import { panelLink } from '@vivarium/contracts';
import type { RunFiles } from '@vivarium/home';

/** Only who may read the home gets its token; anybody else, the address. */
export function linkTo(url: string, runs: Pick<RunFiles, 'readPanelToken'>): string {
  const token = runs.readPanelToken();
  return token === undefined ? url : panelLink(url, token);
}

/** The link of the panel that is up; undefined when none is. */
export function livePanelLink(runs: Pick<RunFiles, 'livePanel' | 'readPanelToken'>): string | undefined {
  const live = runs.livePanel();
  return live === undefined ? undefined : linkTo(live.url, runs);
}
