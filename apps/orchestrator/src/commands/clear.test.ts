import { describe, expect, it } from 'vitest';
import { homeLayout } from '@vivarium/contracts';
import { initHome } from '@vivarium/home';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import type { CommandDeps } from '../deps.ts';
import { ended, memoryTerminal } from '../testing/views.ts';
import { clear } from './clear.ts';

const layout = homeLayout('/home');
const QUEUE = JSON.stringify({ version: '1.0', tasks: [{ id: 'a', prompt: 'x' }] });
const LOG = ended('a', 'completed')
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('');

const at = (machine: MemoryMachine, said?: string): CommandDeps & { terminal: ReturnType<typeof memoryTerminal> } => ({
  machine, terminal: memoryTerminal(said === undefined ? {} : { said }), env: {}, cwd: '/home', repository: '/home',
}); // prettier-ignore
function homeOn(): MemoryMachine {
  const machine = createMemoryMachine();
  machine.files.makeDirectory('/home');
  machine.files.replace(layout.queue, QUEUE);
  initHome(layout, machine.files);
  machine.files.replace(layout.log('execution'), LOG);
  machine.files.replace(layout.log('apiAudit'), 'what was spent\n');
  machine.files.replace(layout.lock('a'), '{}');
  return machine;
}
describe('clear', () => {
  it('empties the queue, archives queue and log, takes locks away, and leaves what was spent', async () => {
    const machine = homeOn();
    expect(await clear({ home: undefined, yes: true, json: false }, at(machine))).toBe(0);
    expect(JSON.parse(machine.files.readText(layout.queue) ?? '')).toMatchObject({ tasks: [] });
    const [archive = ''] = machine.files.list(layout.archive);
    expect(machine.files.readText(`${layout.archive}/${archive}/queue.json`)).toBe(QUEUE);
    expect(machine.files.readText(`${layout.archive}/${archive}/execution_log.jsonl`)).toBe(LOG);
    expect(machine.files.list(layout.locks)).toEqual([]);
    expect(machine.files.readText(layout.log('apiAudit'))).toBe('what was spent\n');
    expect(machine.files.readText(layout.log('action'))).toMatch(/"event":"log\.cleared"/);
  });

  it('says what is kept, and what was wrong with a queue.json that could not be read', async () => {
    const machine = homeOn();
    const whole = at(machine);
    await clear({ home: undefined, yes: true, json: false }, whole);
    expect(whole.terminal.out.join('\n')).toMatch(/Kept: .*api_audit\.log.*logs\/results/);
    expect(whole.terminal.out.join('\n')).not.toContain('could not be read');

    machine.files.replace(layout.queue, '{"tasks": [');
    const broken = at(machine);
    expect(await clear({ home: undefined, yes: true, json: false }, broken)).toBe(0);
    expect(broken.terminal.out.at(-1)).toMatch(/The queue could not be read; .*\/home\/queue\.json:1:\d+ /);
  });

  it('asks, and takes only a yes for one', async () => {
    for (const [said, code] of [
      ['n', 1],
      ['', 1],
      ['yes', 0],
      ['Y', 0],
    ] as const) {
      const machine = homeOn();
      expect(await clear({ home: undefined, yes: false, json: false }, at(machine, said)), said).toBe(code);
      expect(machine.files.readText(layout.queue) === QUEUE, said).toBe(code === 1);
    }
    expect(await clear({ home: undefined, yes: false, json: false }, at(homeOn()))).toBe(2);
  });

  it('refuses while a run or a worker is at it', async () => {
    const machine = homeOn();
    const other = createMemoryMachine({ disk: machine.disk, clock: machine.clock });
    const beat = {
      worker_id: 'worker_1',
      ...other.processes.self,
      run_id: 'run_1',
      counter: 3,
      slots: 1,
      busy: 1,
    };
    machine.files.replace(layout.beat('worker_1'), JSON.stringify(beat));
    const deps = at(machine);
    expect(await clear({ home: undefined, yes: true, json: false }, deps)).toBe(1);
    expect(deps.terminal.err.join()).toMatch(/a worker \(worker_1, pid \d+\) is at work/);
    expect(machine.files.readText(layout.queue)).toBe(QUEUE);
    machine.processes.end(other.processes.self);
    expect(await clear({ home: undefined, yes: true, json: false }, at(machine))).toBe(0);
  });
});
