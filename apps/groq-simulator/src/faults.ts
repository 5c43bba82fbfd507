/**
 * Scripted faults. Owns the list of rules and their counters, nothing else. The first rule that matches a request and is due
 * speaks; later rules do not see that request. A rule counts the requests it matches, so `nth` and `every` mean "of those".
 * `probability` is thrown with dice seeded by the simulator's seed, the rule and its count: the same sequence of requests meets
 * the same faults, while a repeated request need not.
 */
import { z } from 'zod';
import { createRandom } from './random.ts';

const Match = z.strictObject({
  model: z.string().optional(),
  promptIncludes: z.string().min(1).optional(),
  /** Only the nth matching request (from 1). */
  nth: z.int().min(1).optional(),
  /** Every nth matching request. */
  every: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
});

export const Fault = z.discriminatedUnion('kind', [
  /** A complete HTTP error. Not billed. A body that is a string goes out as it is, as plain text. */
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.number().min(0).optional(),
    body: z.json().optional(),
  }),
  /** Takes the request and never answers. With `billed` the answer was generated and got lost. */
  z.strictObject({ kind: z.literal('hang'), billed: z.boolean().optional() }),
  /** Generates and bills, then cuts the connection: before any byte of the reply, or after its head and `afterBytes` of its body. */
  z.strictObject({ kind: z.literal('cut'), afterBytes: z.int().min(0).optional() }),
  /** Generates and bills, then answers 200 with a body that is not JSON. */
  z.strictObject({ kind: z.literal('malformed') }),
  /** Stops half way with finish_reason `length`; billed for what was written. */
  z.strictObject({ kind: z.literal('length') }),
  /** Answers `ms` later than it would have. */
  z.strictObject({ kind: z.literal('delay'), ms: z.number().min(0) }),
  /** Generates and bills, then answers 200 without `usage`. */
  z.strictObject({ kind: z.literal('no-usage') }),
]);
export type Fault = z.infer<typeof Fault>;

export const FaultRule = z.strictObject({
  match: Match.optional(),
  fault: Fault,
  times: z.int().min(1).optional(),
});
export type FaultRule = z.infer<typeof FaultRule>;
export const FaultRules = z.array(FaultRule);

export interface FaultState {
  readonly id: number;
  readonly rule: FaultRule;
  /** Requests the rule matched, due or not. */
  readonly matched: number;
  readonly applied: number;
}

export interface FaultBook {
  add(rules: readonly FaultRule[]): void;
  clear(): void;
  next(request: { readonly model: string; readonly prompt: string }): Fault | undefined;
  state(): readonly FaultState[];
}

export function createFaultBook(seed: string, rules: readonly FaultRule[]): FaultBook {
  let entries: { readonly id: number; readonly rule: FaultRule; matched: number; applied: number }[] = [];
  let lastId = 0;

  const book: FaultBook = {
    add(more) {
      for (const rule of more) entries.push({ id: (lastId += 1), rule, matched: 0, applied: 0 });
    },
    clear() {
      entries = [];
    },
    next(request) {
      for (const entry of entries) {
        const { match = {}, times, fault } = entry.rule;
        if (match.model !== undefined && match.model !== request.model) continue;
        if (match.promptIncludes !== undefined && !request.prompt.includes(match.promptIncludes)) continue;
        entry.matched += 1;
        if (times !== undefined && entry.applied >= times) continue;
        if (match.nth !== undefined && entry.matched !== match.nth) continue;
        if (match.every !== undefined && entry.matched % match.every !== 0) continue;
        if (match.probability !== undefined && dice(entry) >= match.probability) continue;
        entry.applied += 1;
        return fault;
      }
      return undefined;
    },
    state: () => entries.map((entry) => ({ ...entry })),
  };
  const dice = (entry: { readonly id: number; readonly matched: number }): number =>
    createRandom(seed, 'fault', String(entry.id), String(entry.matched)).fraction();

  book.add(rules);
  return book;
}
