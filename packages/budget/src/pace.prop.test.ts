/** M6 against a provider that keeps its own account: a bucket like Groq's, whose replies say what was left when they were taken in and arrive some time later. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { began, ended, freshPace, LEARN_MS, waitFor, type Begun, type Pace } from './pace.ts';

interface Flying {
  readonly begun: Begun;
  readonly arrivesAt: number;
  readonly backAt: number;
  readonly tokens: number;
  said: { readonly left: number; readonly full: number } | undefined;
}

const call = fc.record({
  need: fc.integer({ min: 50, max: 3_000 }),
  share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  travelMs: fc.integer({ min: 0, max: 400 }),
  answerMs: fc.integer({ min: 0, max: 4_000 }),
});

it('M6: whatever the calls take and however long they travel, none is refused for its rate, and all are made', () => {
  let waits = 0;
  fc.assert(
    fc.property(
      fc.array(call, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 3_000, max: 60_000 }),
      fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
      (calls, perMinute, requests) => {
        const perMs = perMinute / 60_000;
        let level = perMinute;
        let levelAt = 0;
        let now = 0;
        let slots = requests ?? Number.POSITIVE_INFINITY;
        let pace: Pace = freshPace(true, requests);
        let flying: Flying[] = [];
        // By what the provider has said: its first word comes before others are let go without it.
        const [first, ...others] = calls;
        const queue =
          first === undefined ? [] : [{ ...first, travelMs: 0, answerMs: LEARN_MS - 1 }, ...others];
        const provider = (each: Flying): void => {
          level = Math.min(perMinute, level + (each.arrivesAt - levelAt) * perMs);
          slots = Math.min(
            requests ?? slots,
            slots + ((each.arrivesAt - levelAt) * (requests ?? 0)) / 60_000,
          );
          levelAt = each.arrivesAt;
          expect(level).toBeGreaterThanOrEqual(each.tokens - 1e-3);
          level -= each.tokens;
          expect(slots).toBeGreaterThanOrEqual(1 - 1e-6);
          slots -= 1;
          each.said = { left: Math.floor(level), full: (perMinute - level) / perMs };
        };
        for (let steps = 0; queue.length > 0 || flying.length > 0; steps += 1) {
          if (steps > 20_000) throw new Error('it does not end');
          const [next] = queue;
          const wait = next === undefined ? Number.POSITIVE_INFINITY : waitFor(pace, next.need, now);
          if (next !== undefined && wait === 0) {
            let begun: Begun;
            [pace, begun] = began(pace, next.need, now);
            const tokens = Math.max(1, Math.floor(next.need * next.share));
            const arrivesAt = now + next.travelMs;
            flying.push({ begun, arrivesAt, backAt: arrivesAt + next.answerMs, tokens, said: undefined });
            queue.shift();
            continue;
          }
          if (next !== undefined) waits += 1;
          const moments = flying.map((each) => (each.said === undefined ? each.arrivesAt : each.backAt));
          now = Math.min(now + wait, ...moments);
          const arriving = flying.filter((each) => each.said === undefined && each.arrivesAt <= now);
          for (const each of arriving.toSorted((a, b) => a.arrivesAt - b.arrivesAt)) provider(each);
          for (const each of flying.filter(({ said, backAt }) => said !== undefined && backAt <= now)) {
            const { left = 0, full = 0 } = each.said ?? {};
            const limits = { limitTokens: perMinute, remainingTokens: left, resetTokensMs: full };
            pace = ended(pace, each.begun, { kind: 'answered', tokens: each.tokens, limits }, now);
          }
          flying = flying.filter(({ said, backAt }) => said === undefined || backAt > now);
        }
        expect(pace).toMatchObject({ underWay: 0, reserved: 0 });
      },
    ),
    { numRuns: 500 },
  );
  expect(waits).toBeGreaterThan(1_000);
});
