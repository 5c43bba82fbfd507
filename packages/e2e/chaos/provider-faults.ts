/** What the simulator does wrong during a run: told to each one that comes up, over its own interface. Owns nothing but who was told. */
import { findProcesses } from './processes.ts';

/** Some are billed and some are not; none is frequent enough that a task would often use up its attempts. */
const RULES = [
  { match: { probability: 0.03 }, fault: { kind: 'status', status: 500 } },
  { match: { probability: 0.02 }, fault: { kind: 'status', status: 429, retryAfterSeconds: 1 } },
  { match: { probability: 0.02 }, fault: { kind: 'cut' } },
  { match: { probability: 0.01 }, fault: { kind: 'cut', afterBytes: 40 } },
  { match: { probability: 0.01 }, fault: { kind: 'malformed' } },
  { match: { probability: 0.01 }, fault: { kind: 'no-usage' } },
  { match: { probability: 0.02 }, fault: { kind: 'length' } },
  { match: { probability: 0.02 }, fault: { kind: 'delay', ms: 2_500 } },
  { match: { probability: 0.003 }, fault: { kind: 'hang', billed: true } },
] as const;

export interface ProviderFaults {
  /** Tells a simulator that has not been told. Grind says in its words where it asks. */
  tellNew(): Promise<void>;
}

export function createProviderFaults(home: string): ProviderFaults {
  const told = new Set<string>();
  return {
    async tellNew() {
      const processes = findProcesses(home);
      const simulators = processes.filter(({ role }) => role === 'simulator');
      for (const { words } of processes.filter(({ role }) => role === 'grind')) {
        const url = words[words.indexOf('--simulator') + 1] ?? '';
        const whom = `${url} ${simulators.map(({ pid }) => pid).join()}`;
        if (!url.startsWith('http://127.0.0.1:') || told.has(whom)) continue;
        try {
          const init = { headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(500) };
          await fetch(`${url}/simulator/faults`, { ...init, method: 'DELETE' });
          const answer = await fetch(`${url}/simulator/faults`, {
            ...init,
            method: 'POST',
            body: JSON.stringify(RULES),
          });
          if (answer.ok) told.add(whom);
        } catch {
          // It is down, or stands still: it is told when it is up again.
        }
      }
    },
  };
}
