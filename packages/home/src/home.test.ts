import { homeLayout, QueueFile } from '@vivarium/contracts';
import { createMemoryMachine, type MemoryFiles } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { chooseHome, initHome, resolveHome } from './home.ts';

describe('which directory is the home', () => {
  let files: MemoryFiles;
  beforeEach(() => {
    files = createMemoryMachine().files;
    for (const root of ['/flag', '/env', '/desk', '/repo']) initHome(homeLayout(root), files);
    files.makeDirectory('/desk/deep/er');
    files.makeDirectory('/elsewhere');
  });
  const choose = (choice: Partial<Parameters<typeof resolveHome>[0]>): string =>
    resolveHome({ flag: undefined, env: undefined, cwd: '/elsewhere', fallback: '/repo', ...choice }, files);

  it('--home, else VIVARIUM_HOME, else the nearest queue.json upwards, else the repository', () => {
    expect(choose({ flag: '/flag', env: '/env', cwd: '/desk/deep' })).toBe('/flag');
    expect(choose({ env: '/env', cwd: '/desk/deep' })).toBe('/env');
    expect(choose({ cwd: '/desk/deep/er' })).toBe('/desk');
    expect(choose({ cwd: '/desk' })).toBe('/desk');
    expect(choose({})).toBe('/repo');
    expect(choose({ env: '' })).toBe('/repo');
  });
  it('says when it is the repository only because there was no other', () => {
    const isFallback = (choice: { flag?: string; env?: string; cwd: string }): boolean =>
      chooseHome({ flag: undefined, env: undefined, fallback: '/repo', ...choice }, files).isFallback;
    files.makeDirectory('/repo/docs');
    expect(isFallback({ cwd: '/elsewhere' })).toBe(true);
    expect(isFallback({ cwd: '/repo/docs' })).toBe(false);
    expect(isFallback({ cwd: '/elsewhere', env: '/repo' })).toBe(false);
    expect(isFallback({ cwd: '/elsewhere', flag: '/repo' })).toBe(false);
  });
  it('the nearest one counts, not the uppermost', () => {
    initHome(homeLayout('/desk/deep'), files);
    expect(choose({ cwd: '/desk/deep/er' })).toBe('/desk/deep');
  });
  it('a relative path is meant from the working directory', () => {
    expect(choose({ flag: 'desk', cwd: '/' })).toBe('/desk');
    expect(choose({ flag: '.', cwd: '/env' })).toBe('/env');
    expect(choose({ env: '../env', cwd: '/desk' })).toBe('/env');
  });
  it('what was named and is no home is a fault with its remedy, never a reason to take another', () => {
    for (const choice of [
      { flag: '/none' },
      { flag: '/elsewhere' },
      { flag: '' },
      { env: '/none' },
      { env: '/elsewhere' },
      { fallback: '/none' },
    ]) {
      const missing = {
        code: 'home_missing',
        remedy: { kind: 'stop' },
        hint: expect.stringContaining('orchestrator init') as string,
      };
      expect(() => choose(choice)).toThrow(expect.objectContaining(missing) as Error);
    }
    expect(() => choose({ env: '/none' })).toThrow(/VIVARIUM_HOME/);
  });
});

describe('a new home', () => {
  it('has every directory and an empty queue, and says what it created', () => {
    const { files } = createMemoryMachine();
    const layout = homeLayout('/home');
    expect(initHome(layout, files).created).toEqual([
      '.',
      'queue.d',
      'task_locks',
      'logs',
      'logs/results',
      'logs/archive',
      'workspace',
      'control',
      'run',
      'run/workers',
      'run/orchestrators',
      'queue.json',
    ]);
    expect(QueueFile.parse(JSON.parse(files.readText(layout.queue) ?? ''))).toMatchObject({
      version: '1.0',
      tasks: [],
    });
  });
  it('is left as it is when it is there already, but for what is missing', () => {
    const { files } = createMemoryMachine();
    const layout = homeLayout('/home');
    files.makeDirectory('/home');
    files.replace(layout.queue, 'somebody is editing this');
    files.makeDirectory(layout.logs);
    files.append(layout.log('execution'), 'history\n');
    expect(initHome(layout, files).created).not.toContain('queue.json');
    expect(initHome(layout, files).created).toEqual([]);
    expect(files.readText(layout.queue)).toBe('somebody is editing this');
    expect(files.readText(layout.log('execution'))).toBe('history\n');
  });
  it('Q11: is entered on a full disk too, when it has everything', () => {
    const { files } = createMemoryMachine();
    const layout = homeLayout('/home');
    initHome(layout, files);
    for (const operation of ['createExclusive', 'append', 'replace'] as const) files.failNext(operation);
    expect(initHome(layout, files).created).toEqual([]);
  });
});
