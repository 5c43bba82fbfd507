import { describe, expect, it } from 'vitest';
import { DEATHS_WINDOW_MS, reduce } from './reduce.ts';
import {
  initialState,
  type ServiceName,
  type SupervisorEffect,
  type SupervisorEvent,
  type SupervisorRules,
  type SupervisorState,
} from './state.ts';

const RULES: SupervisorRules = {
  needsSimulator: false,
  stayWhenDrained: false,
  stayWhenHalted: false,
  grindIsGiven: false,
};

/** Plays events and shows the effects of the last one, in words. */
class Play {
  state: SupervisorState;
  effects: readonly SupervisorEffect[] = [];

  constructor(workers: number, services: readonly ServiceName[], rules: Partial<SupervisorRules> = {}) {
    this.state = initialState(workers, services, { ...RULES, ...rules });
  }

  on(...events: readonly SupervisorEvent[]): this {
    for (const event of events) {
      const step = reduce(this.state, event);
      this.state = step.state;
      this.effects = step.effects;
    }
    return this;
  }

  get words(): readonly string[] {
    return this.effects.map(wordOf);
  }
}

function wordOf(effect: SupervisorEffect): string {
  switch (effect.kind) {
    case 'fork':
    case 'kill':
      return `${effect.kind} ${effect.slot}`;
    case 'tell':
      return `${effect.message.kind} ${effect.slot}`;
    case 'start':
    case 'stop':
    case 'kill_service':
      return `${effect.kind} ${effect.name}`;
    case 'later':
      return `later ${effect.event.kind} ${effect.ms}`;
    case 'verify':
      return 'verify';
    case 'warn':
      return 'warn';
    case 'finish':
      return `finish ${effect.end.kind}`;
  }
}

const begin: SupervisorEvent = { kind: 'begin' };
const ready = (slot: number): SupervisorEvent => ({ kind: 'worker.ready', slot });
const doing = (
  slot: number,
  state: 'working' | 'waiting' | 'drained' | 'held' | 'no_grind',
): SupervisorEvent => ({ kind: 'worker.state', slot, doing: state });
const died = (slot: number, at = 0): SupervisorEvent => ({ kind: 'worker.exited', slot, at, how: 'SIGKILL' });
const up = (name: ServiceName): SupervisorEvent => ({ kind: 'service.up', name, url: `http://${name}` });
const ended = (name: ServiceName, at = 0): SupervisorEvent => ({
  kind: 'service.exited',
  name,
  at,
  how: 'SIGKILL',
});
const signal: SupervisorEvent = { kind: 'signal', signal: 'SIGINT' };
const verified = (nothingLeft: boolean): SupervisorEvent => ({ kind: 'verified', nothingLeft });

/** Two workers at work, with everything of our own. */
const working = (rules: Partial<SupervisorRules> = {}): Play =>
  new Play(2, ['simulator', 'grind', 'panel'], rules).on(
    begin,
    up('simulator'),
    up('grind'),
    up('panel'),
    ready(0),
    ready(1),
    doing(0, 'working'),
    doing(1, 'working'),
  );

describe('the beginning', () => {
  it('starts what the first task needs, and everything else when grind is up', () => {
    const play = new Play(3, ['simulator', 'grind', 'panel']).on(begin);
    expect(play.words).toEqual(['start simulator', 'fork 0']);
    expect(play.on(up('simulator')).words).toEqual(['start grind']);
    expect(play.on(up('grind')).words).toEqual(['fork 1', 'fork 2', 'start panel']);
    expect(
      play.on(up('panel'), ended('grind'), { kind: 'service.rested', name: 'grind' }, up('grind')).words,
    ).toEqual([]);
  });

  it('with a key starts grind at once, and with a grind of somebody else everything', () => {
    expect(new Play(2, ['grind']).on(begin).words).toEqual(['start grind', 'fork 0']);
    expect(new Play(2, ['panel']).on(begin).words).toEqual(['fork 0', 'fork 1', 'start panel']);
  });

  it('a grind that another one was faster to start is as good', () => {
    const play = new Play(2, ['grind', 'panel']).on(begin, { kind: 'service.foreign', name: 'grind' });
    expect(play.words).toEqual(['fork 1', 'start panel', 'later grind.look 500']);
  });

  it('a service that says why it cannot run ends the run with that reason, and leaves nobody behind', () => {
    const play = new Play(1, ['simulator', 'grind']).on(begin, up('simulator'));
    play.on({
      kind: 'service.failed',
      name: 'grind',
      code: 'config_invalid',
      message: 'no',
      hint: undefined,
      passes: false,
    });
    expect(play.words).toEqual(['drain 0']);
    expect(play.on(died(0)).words).toEqual(['later patience.over 3000', 'stop simulator']);
    expect(play.on(ended('simulator')).effects).toEqual([
      { kind: 'finish', end: { kind: 'fault', code: 'config_invalid', message: 'no', hint: undefined } },
    ]);
  });
});

it('Q11: a service that cannot start for a reason that passes (a full disk) is started again, and is no death', () => {
  const play = new Play(1, ['simulator', 'grind']).on(begin, up('simulator'));
  for (let time = 0; time < 10; time += 1) {
    play.on({
      kind: 'service.failed',
      name: 'grind',
      code: 'record_unwritable',
      message: 'no space is left',
      hint: 'make room',
      passes: true,
    });
    expect(play.words.at(-1)).toBe('later service.rested 3000');
    play.on(ended('grind'));
    expect(play.on({ kind: 'service.rested', name: 'grind' }).words).toEqual(['start grind']);
  }
  expect(play.on(up('grind')).words).not.toContain('finish');
});

describe('the end', () => {
  it('Q9: comes when every worker is idle and our own fold agrees, and not before', () => {
    const play = working();
    expect(play.on(doing(0, 'drained')).words).toEqual([]);
    expect(play.on(doing(1, 'drained')).words).toEqual(['verify']);
    expect(play.on(verified(false)).words).toEqual(['later verify.due 250']);
    // Whoever says it again meanwhile is looked after at once, by no timer of its own.
    expect(play.on(doing(1, 'held')).words).toEqual(['verify']);
    expect(play.on(verified(false)).words).toEqual([]);
    expect(play.on(doing(1, 'drained')).words).toEqual(['verify']);
    expect(play.on({ kind: 'verify.due' }).words).toEqual(['verify']);
    expect(play.on(verified(true)).words).toEqual([
      'drain 0',
      'drain 1',
      'stop grind',
      'stop panel',
      'later patience.over 3000',
    ]);
    expect(play.on(died(0), ended('grind')).words).toEqual(['stop simulator']);
    expect(play.on(died(1), ended('panel'), ended('simulator')).words).toEqual(['finish drained']);
  });

  it('Q9: work that appeared while the fold was asked keeps it running', () => {
    const play = working().on(doing(0, 'drained'), doing(1, 'drained'), doing(0, 'working'));
    expect(play.on(verified(true)).words).toEqual([]);
    expect(play.state.phase).toBe('working');
  });

  it('does not come to one that watches', () => {
    const play = working({ stayWhenDrained: true }).on(doing(0, 'drained'));
    expect(play.on(doing(1, 'drained')).words).toEqual([]);
    expect(play.on({ kind: 'verify.due' }).words).toEqual([]);
  });

  it('is not held up by a worker that is only starting', () => {
    const play = new Play(2, []).on(begin, ready(0));
    expect(play.on(doing(0, 'drained')).words).toEqual(['verify']);
  });

  it('under HALT comes when everything is given back, unless it is to stay', () => {
    const halted: SupervisorEvent = { kind: 'control.halted', reason: 'stop!' };
    expect(working().on(halted).words).toEqual(['drain 0', 'drain 1']);
    expect(working({ stayWhenHalted: true }).on(halted).words).toEqual([]);
    const play = new Play(1, []).on(begin, ready(0), halted);
    expect(play.on(died(0)).effects).toEqual([{ kind: 'finish', end: { kind: 'halted', reason: 'stop!' } }]);
  });

  it('S9: under DRAIN comes when everybody has finished, also for one that is to stay', () => {
    const draining: SupervisorEvent = { kind: 'control.draining', reason: 'update' };
    const play = new Play(1, [], { stayWhenDrained: true, stayWhenHalted: true }).on(
      begin,
      ready(0),
      draining,
    );
    expect(play.words).toEqual(['drain 0']);
    expect(play.on(died(0)).effects).toEqual([
      { kind: 'finish', end: { kind: 'draining', reason: 'update' } },
    ]);
  });
  it('S9: a worker that was drained is not replaced; the last of them ends the run', () => {
    const play = new Play(2, []).on(begin, ready(0), ready(1));
    expect(play.on({ kind: 'worker.drained', slot: 0 }, died(0)).words).toEqual([]);
    expect(play.on({ kind: 'worker.drained', slot: 1 }, died(1)).effects).toEqual([
      { kind: 'finish', end: { kind: 'draining', reason: 'every worker was drained' } },
    ]);
  });

  it('a fault that only an operator can mend drains everybody; one that passes is only told', () => {
    const fault = {
      kind: 'fault',
      code: 'provider_key',
      message: 'the key was refused',
      hint: 'set one',
    } as const;
    const stop = working().on({ kind: 'worker.fault', slot: 0, fault: { ...fault, remedy: 'stop' } });
    expect(stop.words).toEqual(['drain 0', 'drain 1']);
    expect(stop.state.end).toMatchObject({ kind: 'fault', code: 'provider_key' });
    expect(
      working().on({ kind: 'worker.fault', slot: 0, fault: { ...fault, remedy: 'wait' } }).words,
    ).toEqual(['warn']);
  });
});

describe('signals', () => {
  it('the first drains, the second gives back, the third kills', () => {
    const play = working().on(signal);
    expect(play.words).toEqual(['drain 0', 'drain 1']);
    expect(play.on(signal).words).toEqual(['stop 0', 'stop 1', 'later patience.over 3000']);
    expect(play.on(died(0)).words).toEqual([]);
    expect(play.on(signal).words).toEqual(['kill 1']);
    expect(play.on(died(1)).words).toEqual(['stop grind', 'stop panel', 'later patience.over 3000']);
    expect(play.on(ended('panel'), ended('grind'), ended('simulator')).effects).toEqual([
      { kind: 'finish', end: { kind: 'signal', signal: 'SIGINT' } },
    ]);
  });

  it('when nobody is left to send a second one, patience ends by itself', () => {
    for (const event of [{ kind: 'parent.gone' }, { kind: 'signal', signal: 'SIGHUP' }] as const) {
      const play = working().on(event);
      expect(play.words, event.kind).toEqual(['drain 0', 'drain 1', 'later patience.over 20000']);
      expect(play.on({ kind: 'patience.over', phase: 'draining' }).words).toEqual([
        'stop 0',
        'stop 1',
        'later patience.over 3000',
      ]);
      expect(play.on({ kind: 'patience.over', phase: 'leaving' }).words).toEqual(['kill 0', 'kill 1']);
    }
  });

  it('a service that does not leave is killed, the others are not', () => {
    const play = working().on(signal, died(0), died(1), ended('panel'));
    expect(play.on({ kind: 'patience.over', phase: 'closing' }).words).toEqual([
      'kill_service grind',
      'kill_service simulator',
    ]);
  });

  it('patience of a phase that is over means nothing', () => {
    expect(
      working().on(signal, died(0), died(1)).on({ kind: 'patience.over', phase: 'draining' }).words,
    ).toEqual([]);
  });

  it('before anything is up leave nothing behind, and nothing more is started', () => {
    const play = new Play(3, ['simulator', 'grind', 'panel']).on(begin, signal);
    expect(play.words).toEqual(['drain 0']);
    expect(play.on(died(0)).words).toEqual(['later patience.over 3000', 'stop simulator']);
    expect(play.on(up('simulator')).words).toEqual(['stop simulator']);
    expect(play.on(ended('simulator')).words).toEqual(['finish signal']);
  });
});

describe('deaths', () => {
  it('a worker that died is forked again after a growing rest, and the fifth death in a minute ends the run', () => {
    const play = working();
    for (const [deaths, rest] of [100, 200, 400, 800].entries()) {
      expect(play.on(died(0, deaths * 1_000)).words).toEqual(['warn', `later worker.rested ${rest}`]);
      expect(play.on({ kind: 'worker.rested', slot: 0 }).words).toEqual(['fork 0']);
    }
    expect(play.on(died(0, 4_000)).words).toEqual(['drain 1']);
    expect(play.state.end).toEqual({ kind: 'crash_loop', who: 'worker 1 (SIGKILL)' });
  });

  it('deaths of long ago, and of others, do not count', () => {
    const play = working();
    for (let death = 0; death < 12; death += 1) {
      play.on(died(0, death * (DEATHS_WINDOW_MS / 4)), { kind: 'worker.rested', slot: 0 });
    }
    expect(play.state.phase).toBe('working');
  });

  it('Q9: the work of a worker that rests is not forgotten: the fold is asked', () => {
    const play = working().on(died(0));
    expect(play.on(doing(1, 'drained')).words).toEqual(['verify']);
    expect(play.on(verified(false)).words).toEqual(['later verify.due 250']);
  });

  it('Q11: grind and simulator are started again while the workers wait', () => {
    const play = working();
    expect(play.on(ended('grind')).words).toEqual(['warn', 'later service.rested 100']);
    expect(play.on(doing(0, 'no_grind')).words).toEqual([]);
    expect(play.on({ kind: 'service.rested', name: 'grind' }).words).toEqual(['start grind']);
    expect(play.on(ended('simulator')).words).toEqual(['warn', 'later service.rested 100']);
    expect(play.on({ kind: 'service.rested', name: 'simulator' }).words).toEqual(['start simulator']);
    expect(play.on(up('simulator')).words).toEqual([]);
  });

  it('Q11: a grind of somebody else that vanished is replaced, unless the operator named it', () => {
    const foreign = new Play(1, []).on(begin, ready(0));
    expect(foreign.on(doing(0, 'no_grind')).words).toEqual(['start grind']);
    expect(foreign.on({ kind: 'service.foreign', name: 'grind' }).words).toEqual(['later grind.look 500']);
    expect(foreign.on({ kind: 'grind.look' }).words).toEqual(['start grind']);
    expect(
      foreign.on({ kind: 'service.foreign', name: 'grind' }, doing(0, 'working')).on({ kind: 'grind.look' })
        .words,
    ).toEqual([]);
    expect(new Play(1, [], { grindIsGiven: true }).on(begin, ready(0), doing(0, 'no_grind')).words).toEqual(
      [],
    );
  });

  it('Q11: the simulator comes before the grind that replaces one of somebody else', () => {
    const play = new Play(1, [], { needsSimulator: true }).on(begin, ready(0));
    expect(play.on(doing(0, 'no_grind')).words).toEqual(['start simulator']);
    expect(play.on({ kind: 'grind.look' }).words).toEqual([]);
    expect(play.on(up('simulator')).words).toEqual(['start grind']);
  });

  it('a panel that keeps ending is given up, the run goes on', () => {
    const play = working();
    for (let death = 0; death < 4; death += 1)
      play.on(ended('panel', death), { kind: 'service.rested', name: 'panel' });
    expect(play.on(ended('panel', 5)).words).toEqual(['warn']);
    expect(play.state.phase).toBe('working');
    expect(play.on(signal, died(0), died(1)).words).toEqual(['stop grind', 'later patience.over 3000']);
  });

  it('while draining nobody is replaced, and what was resting stays away', () => {
    const play = working().on(died(0), signal);
    expect(play.words).toEqual(['drain 1']);
    expect(play.on({ kind: 'worker.rested', slot: 0 }).words).toEqual([]);
    expect(play.on(ended('grind')).words).toEqual([]);
    expect(play.on(died(1)).words).toEqual(['stop panel', 'later patience.over 3000', 'stop simulator']);
  });
});
