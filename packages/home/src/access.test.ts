import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout } from '@vivarium/contracts';
import { createNodeMachine } from '@vivarium/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessFaults } from './access.ts';
import { initHome } from './home.ts';

describe.skipIf(process.platform === 'win32')('permissions of a home', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-access-')));
  });
  afterEach(() => rmSync(root, { recursive: true }));
  const { files } = createNodeMachine();
  const messages = (): readonly string[] =>
    accessFaults(homeLayout(root), files).map(({ message, hint }) =>
      `${message} → ${hint}`.replaceAll(root, ''),
    );

  it('S6: a key that others can read, and files that others can change, are named with what mends them', () => {
    const layout = homeLayout(root);
    initHome(layout, files);
    for (const path of [root, layout.logs, layout.control]) chmodSync(path, 0o755);
    chmodSync(layout.queue, 0o644);
    expect(messages()).toEqual([]);
    writeFileSync(layout.env, 'GROQ_API_KEY=x\n', { mode: 0o600 });
    expect(messages()).toEqual([]);
    chmodSync(layout.env, 0o640);
    chmodSync(layout.control, 0o777);
    expect(messages()).toEqual([
      '/.env can be read by other users of this machine, and may hold your key → chmod 600 /.env',
      '/control can be changed by other users of this machine: they could add work, give orders, or edit the record → chmod go-w /control',
    ]);
  });
});
