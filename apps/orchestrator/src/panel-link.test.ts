import { expect, it } from 'vitest';
import { homeLayout, panelLink } from '@vivarium/contracts';
import { initHome, runFiles } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { livePanelLink } from './panel-link.ts';

it('is the link with the token that stands in the file now, also after a sign-in changed it', async () => {
  const machine = createMemoryMachine();
  const layout = homeLayout('/home');
  initHome(layout, machine.files);
  const runs = runFiles(layout, machine);
  expect(livePanelLink(runs)).toBeUndefined();

  const url = 'http://127.0.0.1:8421';
  await runs.claimPanel({ home: 'home_1', ...machine.processes.self, url }, 'first');
  expect(livePanelLink(runs)).toBe(panelLink(url, 'first'));
  machine.files.replace(layout.panelToken, 'second', 'private');
  expect(livePanelLink(runs)).toBe(panelLink(url, 'second'));
});
