/** The file engines under their contract suites, on a disk of memory and on a real one. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeIdOf, homeLayout, type RecordStore } from '@vivarium/contracts';
import type { Machine } from '@vivarium/core';
import { createNodeMachine } from '@vivarium/platform';
import { createMemoryDisk, createMemoryMachine } from '@vivarium/platform/testing';
import { createBudgetStore } from './budget-store.ts';
import { createControlStore } from './control-store.ts';
import { initHome } from './home.ts';
import { createRecordStore } from './record-store.ts';
import { describeBudgetStore } from './testing/describe-budget-store.ts';
import { describeControlStore } from './testing/describe-control-store.ts';
import { describeRecordStore } from './testing/describe-record-store.ts';

interface Setting {
  readonly root: string;
  /** Another process each time. */
  readonly machine: () => Machine;
  readonly stop: () => void;
}

const settings: Readonly<Record<string, () => Setting>> = {
  'in memory': () => {
    const disk = createMemoryDisk();
    return { root: '/home', machine: () => createMemoryMachine({ disk }), stop: () => undefined };
  },
  'on disk': () => {
    const root = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-home-')));
    return { root, machine: createNodeMachine, stop: () => rmSync(root, { recursive: true, force: true }) };
  },
};

for (const [name, set] of Object.entries(settings)) {
  const open = () => {
    const { root, machine, stop } = set();
    const layout = homeLayout(root);
    const [ours, theirs] = [machine(), machine()];
    initHome(layout, ours.files);
    const record = (of: Machine): RecordStore =>
      createRecordStore({ layout, home: homeIdOf(root), machine: of });
    return { layout, ours, theirs, record, machine, stop };
  };

  describeRecordStore(`files ${name}`, () => {
    const { ours, theirs, record, stop } = open();
    return { ours: record(ours), theirs: record(theirs), stop };
  });
  describeControlStore(`files ${name}`, () => {
    const { layout, ours, theirs, record, stop } = open();
    return {
      ours: createControlStore({ layout, machine: ours, record: record(ours) }),
      theirs: createControlStore({ layout, machine: theirs, record: record(theirs) }),
      record: record(theirs),
      stop,
    };
  });
  describeBudgetStore(`files ${name}`, () => {
    const { layout, machine, record, stop } = open();
    const openBudget = (linesBetweenCheckpoints?: number) => {
      const on = machine();
      return createBudgetStore({
        record: record(on),
        layout,
        machine: on,
        ...(linesBetweenCheckpoints === undefined ? {} : { linesBetweenCheckpoints }),
      });
    };
    return { open: openBudget, stop };
  });
}
