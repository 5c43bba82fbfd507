/**
 * A short chaos run with a fixed seed: real processes killed, stopped and lied to by their clocks, a full disk where one may be mounted; then a clean
 * run, and every promise of the record checked by code that shares nothing with the product. Longer ones: `npm run chaos -- --minutes 10`.
 */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reportLines, reportRecord } from '../chaos/report.ts';
import { runChaos } from '../chaos/run-chaos.ts';

describe.runIf(existsSync('/proc/self/cmdline'))('chaos', () => {
  it(
    'Q2, Q4, Q5, Q7, Q8, M1, M2, M3: kills, stalls, full disks, torn tails, edits and clock steps break no promise',
    { timeout: 150_000 },
    async () => {
      const said: string[] = [];
      const result = await runChaos({
        minutes: 0.45,
        seed: '20261124',
        tasks: 300,
        signal: new AbortController().signal,
        say: (line) => said.push(line),
      });
      const story = [...said, ...reportLines(result)].join('\n');
      expect(result.violations, story).toEqual([]);
      const { kills, stalls, long_stalls, torn_tails, clock_steps } = result.counts;
      expect(
        Object.values(kills).reduce((sum, count) => sum + count, 0),
        story,
      ).toBeGreaterThanOrEqual(8);
      expect(stalls + long_stalls, story).toBeGreaterThanOrEqual(2);
      expect(torn_tails + clock_steps, story).toBeGreaterThanOrEqual(2);
      expect(reportRecord(result)).toMatchObject({ seed: '20261124', violations: 0 });
      expect(story).toContain(result.disk.kind === 'small' ? 'full disks' : 'NO FULL DISK');
    },
  );
});
