/** What the waves of a run took. Pure. */
import { formatDuration, formatUsd, type Milliseconds } from '@vivarium/core';
import { sumOf, type WaveSums } from '../run-ledger.ts';
import { counted } from './counted.ts';

const MOST_WAVES = 12;

/** A line for each wave when there are several, and one for all: seconds of work within seconds of the clock. Nothing for a task alone. */
export function waveLines(waves: readonly WaveSums[], wallMs: Milliseconds): readonly string[] {
  const all = sumOf(waves);
  if (all.tasks <= 1) return [];
  const lines =
    waves.length > 1 ? waves.slice(0, MOST_WAVES).map((wave, at) => `wave ${at + 1}: ${sumsText(wave)}`) : [];
  if (waves.length > MOST_WAVES) lines.push(`and ${counted(waves.length - MOST_WAVES, 'wave')} more`);
  return [...lines, `all: ${sumsText(all)}, in ${formatDuration(wallMs)} by the clock`];
}

function sumsText({ tasks, taskMs, real, simulated }: WaveSums): string {
  const money = [
    ...(real > 0 ? [formatUsd(real)] : []),
    ...(simulated > 0 ? [`${formatUsd(simulated)} simulated`] : []),
  ].join(' + ');
  return `${counted(tasks, 'task')}, ${formatDuration(taskMs)} of work${money === '' ? '' : `, ${money}`}`;
}

export const waveRecords = (waves: readonly WaveSums[]): readonly Readonly<Record<string, number>>[] =>
  waves.map(({ tasks, taskMs, real, simulated }) => ({
    tasks,
    task_ms: taskMs,
    cost_nano_usd: real,
    simulated_cost_nano_usd: simulated,
  }));
