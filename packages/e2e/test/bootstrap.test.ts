import { rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNotNode } from '../../../scripts/bootstrap.mjs';
import { createToyCheckout, until, type ToyCheckout } from './toy-checkout.ts';

const everything = ['npm begins', 'npm ends', 'pnpm begins', 'pnpm ends', 'tsc begins', 'tsc ends'];

let checkout: ToyCheckout;
beforeEach(() => {
  checkout = createToyCheckout();
});
afterEach(() => checkout.remove());

const bootstrap = () => checkout.run('scripts/bootstrap.mjs');

describe('preparing a checkout', () => {
  it('installs and builds a fresh clone, saying one plain line per step', async () => {
    const { code, output } = await bootstrap().done;
    expect(code).toBe(0);
    expect(output).toBe('Installing dependencies (the first time takes about 20 s)…\nBuilding…\n');
    expect(checkout.calls()).toEqual(everything);
  });

  it('does nothing and says nothing when nothing changed, also when files were only touched', async () => {
    await bootstrap().done;
    utimesSync(join(checkout.root, 'packages/a/src/index.ts'), new Date(), new Date());
    expect(await bootstrap().done).toEqual({ code: 0, output: '' });
    expect(checkout.calls()).toEqual(everything);
  });

  it('an edited source is only built, an edited manifest is installed as well, a lost output is made again', async () => {
    await bootstrap().done;
    const newCalls = async (): Promise<readonly string[]> => {
      const before = checkout.calls().length;
      expect((await bootstrap().done).code).toBe(0);
      return checkout.calls().slice(before);
    };
    checkout.write('packages/a/src/index.ts', 'export const a = 1;');
    expect(await newCalls()).toEqual(['tsc begins', 'tsc ends']);
    checkout.write('packages/a/package.json', '{ "type": "module", "dependencies": {} }');
    expect(await newCalls()).toEqual(everything);
    checkout.write('packages/b/package.json', '{ "name": "new" }');
    expect(await newCalls()).toEqual(everything);
    for (const output of ['packages/a/dist', 'apps/orchestrator/bundle']) {
      rmSync(join(checkout.root, output), { recursive: true });
      expect(await newCalls()).toEqual(['tsc begins', 'tsc ends']);
      expect(checkout.exists(output)).toBe(true);
    }
  });

  it('a tool that fails is named with its last words and a remedy, and is tried again the next time', async () => {
    checkout.write('fail', '');
    const { code, output } = await bootstrap().done;
    expect(code).toBe(1);
    expect(output).toMatch(
      /no space left\n\nInstalling the package manager failed \(exit code 3\)\. Check that the npm registry/,
    );
    expect(output).not.toContain('    at ');
    expect(checkout.exists('.bootstrap.lock')).toBe(false);

    await checkout.run('scripts/bootstrap.mjs').done;
    expect(checkout.calls()).toEqual(['npm begins', 'npm begins']);
  });

  it('two at once: the second waits for the first, and the work is done once', async () => {
    checkout.write('hold', '');
    const first = bootstrap();
    await until(() => checkout.calls().length === 1);
    const second = bootstrap();
    let told = '';
    second.child.stderr?.on('data', (text: Buffer) => (told += text.toString()));
    await until(() => told.includes('waiting for it'));
    expect(told).toContain(`Process ${first.child.pid} is preparing this checkout`);
    rmSync(join(checkout.root, 'hold'));
    expect((await first.done).code).toBe(0);
    expect((await second.done).code).toBe(0);
    expect(checkout.calls()).toEqual(everything);
  });

  it('after kill -9 the next one takes over, but not before the package manager left behind has ended', async () => {
    checkout.write('hold', '');
    const killed = bootstrap();
    await until(() => checkout.calls().length === 1);
    killed.child.kill('SIGKILL');
    await killed.done.catch(() => undefined);
    const heir = bootstrap();
    let told = '';
    heir.child.stderr?.on('data', (text: Buffer) => (told += text.toString()));
    await until(() => told.includes('waiting for it'));
    expect(checkout.calls()).toEqual(['npm begins']);
    rmSync(join(checkout.root, 'hold'));
    expect((await heir.done).code).toBe(0);
    expect(checkout.calls()).toEqual(['npm begins', 'npm ends', ...everything]);
    expect(checkout.exists('.bootstrap.lock')).toBe(false);
  });

  it('a Node that is too old, or between the lines that are kept up, is refused by name, with what to do', () => {
    expect(whyNotNode('v18.20.4')).toMatch(
      /needs Node 20\.19 or newer of 20, 22\.13 .*; this is v18\.20\.4\.\nInstall one of them/,
    );
    for (const version of ['v20.18.3', 'v21.7.3', 'v22.12.0', 'v23.11.1'])
      expect(whyNotNode(version), version).toContain(`this is ${version}.`);
    for (const version of ['v20.19.0', 'v22.13.0', 'v24.0.0', 'v25.1.0', 'v26.10.0'])
      expect(whyNotNode(version), version).toBeUndefined();
  });
});

describe('the commands', () => {
  it('npm start becomes the orchestrator in its own process, with `up` and the words given, a number of workers among them', async () => {
    const { child, done } = checkout.run('scripts/start.mjs', ['2', '--once']);
    const { code, output } = await done;
    expect(code).toBe(0);
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toMatchObject({
      pid: child.pid,
      args: ['up', '2', '--once'],
    });
  });

  it('bin/orchestrator prepares only what was never built, and works from any directory through a link', async () => {
    const link = join(checkout.root, 'elsewhere-on-the-path');
    symlinkSync(join(checkout.root, 'bin/orchestrator'), link);
    const call = async () => {
      const { code, output } = await checkout.run('elsewhere-on-the-path', ['status', '--json'], tmpdir())
        .done;
      expect(code).toBe(0);
      return output.trim().split('\n');
    };
    expect((await call()).at(-1)).toContain('"args":["status","--json"]');
    writeFileSync(join(checkout.root, 'packages/a/src/index.ts'), 'export const changed = true;');
    expect(await call()).toEqual([expect.stringContaining('"args":["status","--json"]')]);
    expect(checkout.calls()).toEqual(everything);
  });
});
